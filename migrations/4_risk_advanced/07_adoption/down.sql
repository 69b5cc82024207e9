DELETE FROM pinnacle_settings WHERE name = 'adopted_objects';
ALTER TABLE pinnacle_settings
  DROP CONSTRAINT pinnacle_settings_form,
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT pinnacle_settings_form CHECK (name ~ '^[a-z][a-z_]{0,49}$' AND length(value) BETWEEN 1 AND 200);
