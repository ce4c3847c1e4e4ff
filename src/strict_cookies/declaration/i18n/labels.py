"""The texts that every declaration has in common: headings and labels, by key."""

from __future__ import annotations

from ..._util.text import N_

#: The labels of :mod:`strict_cookies.policy.purposes`, marked for the catalogues.
PURPOSE_LABELS = (
    N_("Session management"),
    N_("Login and authentication"),
    N_("Preferences within the session"),
    N_("Security"),
    N_("Load balancing"),
    N_("What you typed in"),
    N_("Playing media"),
)
SECTIONS = {
    "cookies": (N_("Cookies"), ""),
    "storage": (
        N_("Other storage in your browser"),
        N_(
            "This site's scripts store these items. They stay in your browser and are not "
            "sent with requests."
        ),
    ),
    "preferences": (
        N_("What you can choose"),
        N_(
            "Your choices are kept in your session and deleted with it. They store nothing "
            "else in your browser."
        ),
    ),
    "external_origins": (
        N_("Other sites that your browser contacts"),
        N_(
            "Each of them learns your IP address. Whether it can use its own cookies depends "
            "on the kind of request."
        ),
    ),
    "recipients": (N_("Who gets data from this site"), ""),
    "processing": (N_("What the protection itself stores"), ""),
}
LABELS = {
    "description": N_("What it is for"),
    "without_it": N_("Without it"),
    "lifetime": N_("How long it is kept"),
    "set_by": N_("Who sets it"),
    "read_by": N_("Who can read it"),
    "third_parties": N_("Access by third parties"),
    "protection": N_("Protection"),
    "purposes": N_("What the operator relies on"),
    "choices": N_("What you can choose"),
    "default": N_("Default"),
    "recipient": N_("Run by"),
    "reason": N_("Why"),
    "kinds": N_("What your browser uses it for"),
    "role": N_("Role"),
    "data": N_("What it gets"),
    "purpose": N_("What for"),
    "countries": N_("Country"),
    "safeguard": N_("Safeguard"),
    "kept_data": N_("What is kept"),
    "kept": N_("How long"),
}
#: The labels of the document's fields, for descriptions of changes.
FIELD_LABELS = {
    **LABELS,
    "third_party_access": LABELS["third_parties"],
    **dict.fromkeys(("domain", "httponly", "kind", "path"), LABELS["read_by"]),
    **dict.fromkeys(("secure", "samesite", "partitioned", "prefix"), LABELS["protection"]),
}
SAMESITE = {
    "Lax": N_("Not sent with forms from other sites (SameSite=Lax)"),
    "Strict": N_("Never sent with requests from other sites (SameSite=Strict)"),
    "None": N_("Also sent inside pages of other sites (SameSite=None)"),
}
UK_EXCEPTIONS = {
    "communication": N_("communication"),
    "strictly_necessary": N_("strictly necessary"),
    "appearance": N_("appearance or functionality"),
}
CNIL_ITEMS = {
    "authentication": N_("authentication and its security"),
    "basket": N_("contents of a basket"),
    "interface": N_("personal settings of the interface"),
    "load_balancing": N_("load balancing"),
}
REMARKS = {
    "site_must_justify": N_(
        "How far this covers security is disputed: the operator has to justify it."
    ),
    "rests_on_choice": N_("Kept longer than the session only because you made a choice."),
}
CONTACT = {
    "controller": N_("Responsible"),
    "contact": N_("Contact"),
    "dpo": N_("Data protection officer"),
    "authority": N_("Complaints to"),
    "privacy_url": N_("Privacy notice"),
}
