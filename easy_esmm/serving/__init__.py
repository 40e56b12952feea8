"""SavedModels: signatures, publishing, and scoring rows with one."""
