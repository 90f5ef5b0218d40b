-- The registration review: verdicts, and what the rules have to look up.
ALTER TABLE events ADD COLUMN undoes INTEGER;
