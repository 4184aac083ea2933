"""Write, audit, publish: which version of each dataset readers may see, and how it moves."""
