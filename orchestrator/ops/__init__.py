"""One file per node type. Third parties add theirs through the entry point group `graphmill.ops`."""
