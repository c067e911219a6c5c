"""The platform's apps, lowest floor first: common, audit, accounts, markets and profiles, and what stands
on them.
"""
