"""portal permissions (bootstrapping)."""
from typing import Any
def audiences_for(user: Any) -> frozenset[str]:
    return frozenset({"public"})
