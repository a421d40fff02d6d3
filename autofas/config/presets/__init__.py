"""Named settings of the verbs, one YAML file each with a section a verb."""
