"""The conversion of the raw Ali-CCP files to training files, and the page that describes them."""
