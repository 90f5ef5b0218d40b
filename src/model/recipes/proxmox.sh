pveum realm add keyfob --type openid --issuer-url {issuer} \
  --client-id {client_id} --client-key {client_secret} \
  --scopes "openid profile email groups" --username-claim username --autocreate 1 \
  --groups-claim groups --groups-autocreate 1
