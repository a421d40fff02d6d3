"""The data room: manifests, data sets, protocols, crops, augmentation and loading."""
