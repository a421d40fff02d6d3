"""One module a verb: `add_arguments(parser)` and `run(args)`, which returns the values of --json.

Imports at the top of these modules are light; what computes is imported inside `run`, so that
`autofas --help` does not wait for torch.
"""
