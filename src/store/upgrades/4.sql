-- The text of new clients goes into its index when they are committed.

DROP TRIGGER client_text_insert;
DROP TRIGGER client_text_update;
DROP TRIGGER client_text_delete;

-- New clients that are not in the index yet. What is committed together is added together, and then nothing is pending: one by one,
-- the index would take a third of the work of a registration.
CREATE TABLE client_text_pending (
    client_number INTEGER PRIMARY KEY
) STRICT;

CREATE TRIGGER client_text_insert AFTER INSERT ON clients BEGIN
    INSERT INTO client_text_pending (client_number) VALUES (new.client_number);
END;

CREATE TRIGGER client_text_update AFTER UPDATE OF name, description ON clients
    WHEN NOT EXISTS (SELECT 1 FROM client_text_pending WHERE client_number = old.client_number) BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        VALUES ('delete', old.client_number, old.client_id, old.name, old.description);
    INSERT INTO client_text (rowid, client_id, name, description) VALUES (new.client_number, new.client_id, new.name, new.description);
END;

CREATE TRIGGER client_text_delete AFTER DELETE ON clients BEGIN
    INSERT INTO client_text (client_text, rowid, client_id, name, description)
        SELECT 'delete', old.client_number, old.client_id, old.name, old.description
        WHERE NOT EXISTS (SELECT 1 FROM client_text_pending WHERE client_number = old.client_number);
    DELETE FROM client_text_pending WHERE client_number = old.client_number;
END;
