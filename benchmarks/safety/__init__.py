"""The kill matrix: an application dies in every way there is, and the bench must end safe."""
