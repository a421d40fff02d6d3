"""Search by trials: whole networks trained one by one, their points proposed by Optuna, NNI or evolution."""
