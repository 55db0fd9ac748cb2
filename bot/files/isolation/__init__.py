"""Worker processes in which foreign files are parsed: no environment, no network, and limits that the kernel keeps.

    bot ── asks ──> fork server ── forks ──> worker process (one file at a time)

The fork server (`server`) is one small process that has imported the decoders and shut itself in (`confinement`). It is
started for the first file, and forks workers, which inherit all that. `client.run` sends a file to a worker and returns
what a function in the table (`tasks`) made of it. To add a parser, write a function in `bot.files.decoders` and add a
line there.
"""
