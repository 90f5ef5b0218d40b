-- The registration review: verdicts, and what the rules have to look up.
ALTER TABLE events ADD COLUMN undoes INTEGER;

-- By what the review finds clients that are like another one: `f` and a folded ID or name, `r` and the same reversed, `h` and the host of a
-- redirect URI. Filled later and many at once, so that a registration writes nothing here.
CREATE TABLE client_likeness (
    key           TEXT NOT NULL,
    client_number INTEGER NOT NULL REFERENCES clients (client_number) ON DELETE CASCADE,
    PRIMARY KEY (key, client_number)
) STRICT, WITHOUT ROWID;

CREATE INDEX client_likeness_by_client ON client_likeness (client_number);

-- Clients up to the greatest number with such keys whose keys have changed since.
CREATE TABLE client_likeness_waiting (
    client_number INTEGER PRIMARY KEY REFERENCES clients (client_number) ON DELETE CASCADE
) STRICT;

CREATE TABLE client_likeness_end (
    client_number INTEGER NOT NULL
) STRICT;

INSERT INTO client_likeness_end (client_number) VALUES (0);

CREATE TRIGGER client_likeness_update AFTER UPDATE OF name, redirect_uris ON clients
    WHEN (old.name IS NOT new.name OR old.redirect_uris <> new.redirect_uris)
        AND old.client_number <= (SELECT client_number FROM client_likeness_end) BEGIN
    DELETE FROM client_likeness WHERE client_number = old.client_number;
    INSERT INTO client_likeness_waiting (client_number) VALUES (old.client_number) ON CONFLICT DO NOTHING;
END;

-- The number of the newest client is given again.
CREATE TRIGGER client_likeness_delete AFTER DELETE ON clients BEGIN
    UPDATE client_likeness_end SET client_number = (SELECT coalesce(max(client_number), 0) FROM clients)
        WHERE client_number > (SELECT coalesce(max(client_number), 0) FROM clients);
END;
