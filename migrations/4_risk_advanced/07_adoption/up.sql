-- An adopted database keeps what its former owner added to our tables. What that is, pinnacle_settings has in one value, so that it
-- is told apart from what changes later.

-- The rows are few: checking them takes no time.
ALTER TABLE pinnacle_settings
  DROP CONSTRAINT pinnacle_settings_form,
  -- squawk-ignore constraint-missing-not-valid
  ADD CONSTRAINT pinnacle_settings_form CHECK (
    name ~ '^[a-z][a-z_]{0,49}$'
    AND length(value) BETWEEN 1 AND CASE name WHEN 'adopted_objects' THEN 1000000 ELSE 200 END
  );
