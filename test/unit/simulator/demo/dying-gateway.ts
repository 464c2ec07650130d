// A stand-in for a daemon that cannot start: it says why, as the daemon does, and ends.
process.stderr.write('portcullis: the fake has no wish to live.\n');
process.exitCode = 75;
