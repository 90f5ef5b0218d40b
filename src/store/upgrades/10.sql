ALTER TABLE clients ADD COLUMN sign_in TEXT;
ALTER TABLE sessions ADD COLUMN signed_in_for TEXT;
ALTER TABLE sessions ADD COLUMN browser TEXT;
ALTER TABLE sessions ADD COLUMN network TEXT;
ALTER TABLE api_keys ADD COLUMN used_at INTEGER;
CREATE INDEX clients_endorsed ON clients (client_id) WHERE endorsed = 1 AND deleted_at IS NULL;
