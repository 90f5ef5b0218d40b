ALTER TABLE clients ADD COLUMN sign_in TEXT;
ALTER TABLE sessions ADD COLUMN signed_in_for TEXT;
