"""What every app stands on: problems, pages of results, limits, work after commit, health. It knows no
other app.
"""
