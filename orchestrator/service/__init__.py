"""The processes: code server, run workers, their watcher, and the supervisor that keeps everything running."""
