"""PyVISA finds the twins by name here: `ResourceManager("@mtjsim")`."""
