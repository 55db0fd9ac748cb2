"""V-API, AI/ML API and whatever else speaks OpenAI's chat completions: photos and history travel with each question."""
