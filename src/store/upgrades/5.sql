-- The names of events stand in the index of each entity, and what somebody did in one of its own.
DROP INDEX events_by_entity;
CREATE INDEX events_by_entity ON events (entity_kind, entity_id, event_number, name);
CREATE INDEX events_by_actor ON events (account_id, event_number);
