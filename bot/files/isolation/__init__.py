"""Worker processes that parse untrusted files: no environment, no network, and limits enforced by the kernel.

    bot ── asks ──> fork server ── forks ──> worker process (one file at a time)

The fork server (`fork_server`) is a small process that has imported the decoders and confined itself (`confinement`).
It is started for the first file, and forks workers, which inherit all that. `client.run` sends a file to a worker and
returns the result of a function in the table (`tasks`). To add a parser, write a function in `bot.files.decoders` and
add a line there.
"""
