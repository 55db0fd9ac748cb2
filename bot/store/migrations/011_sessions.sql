-- Who is logged in at the web server. Only hashes are kept, and a session ends with the token that began it.

CREATE TABLE sessions (
    id TEXT PRIMARY KEY,
    secret_hash TEXT NOT NULL UNIQUE,           -- of what the cookie holds
    token_hash TEXT NOT NULL,                   -- of the WEB_TOKEN that began it, by a slow function
    device TEXT NOT NULL,                       -- the browser and its system, as people know them
    created DOUBLE PRECISION NOT NULL,
    seen DOUBLE PRECISION NOT NULL
);
