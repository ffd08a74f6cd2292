"""Physical things that compute a layer: interfaces and wiring in, activities out."""
