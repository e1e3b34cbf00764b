"""The course in a real JupyterLab, shown by a real Chromium and used as a person would."""
