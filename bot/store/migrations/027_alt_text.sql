-- People whose pictures get no alt text by a model.
CREATE TABLE without_alt_text (
    subject TEXT PRIMARY KEY
);
