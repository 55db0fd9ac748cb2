-- The provider `sandbox` became `local`, which keeps no conversations of its own.

UPDATE conversations SET model = 'local/eyes', remote_id = NULL WHERE substr(model, 1, 8) = 'sandbox/';

DELETE FROM assets WHERE provider = 'sandbox';
