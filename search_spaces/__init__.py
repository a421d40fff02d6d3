"""Search spaces, one YAML file each; the first lines name the paper and the command."""
