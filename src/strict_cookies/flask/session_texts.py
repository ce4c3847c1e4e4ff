"""
What visitors read of Flask's session cookie, in the languages of the declaration's page.

The entry is the library's own, so its texts are too; an entry of the cookie's name in
``cookies.toml`` takes their place.
"""

from __future__ import annotations

from collections.abc import Mapping

TITLE: Mapping[str, str] = {
    "en": "Session",
    "de": "Sitzung",
    "fr": "Session",
    "es": "Sesión",
    "it": "Sessione",
    "nl": "Sessie",
    "pl": "Sesja",
    "pt": "Sessão",
}
DESCRIPTION: Mapping[str, str] = {
    "en": "Keeps the pages you visit together, so that the site knows you are signed in and what "
    "you chose during this visit.",
    "de": "Hält die Seiten zusammen, die Sie besuchen, damit die Website weiß, dass Sie angemeldet "
    "sind und was Sie bei diesem Besuch gewählt haben.",
    "fr": "Relie les pages que vous visitez, afin que le site sache que vous êtes connecté et ce "
    "que vous avez choisi pendant cette visite.",
    "es": "Relaciona las páginas que visita, para que el sitio sepa que ha iniciado sesión y qué "
    "ha elegido durante esta visita.",
    "it": "Collega le pagine che visita, in modo che il sito sappia che ha effettuato l'accesso e "
    "che cosa ha scelto durante questa visita.",
    "nl": "Houdt de pagina's die u bezoekt bij elkaar, zodat de site weet dat u bent aangemeld en "
    "wat u tijdens dit bezoek hebt gekozen.",
    "pl": "Łączy odwiedzane strony, aby witryna wiedziała o zalogowaniu i o tym, co wybrano "
    "podczas tej wizyty.",
    "pt": "Relaciona as páginas que visita, para que o sítio saiba que tem sessão iniciada e o que "
    "escolheu durante esta visita.",
}
WITHOUT_IT: Mapping[str, str] = {
    "en": "You could not sign in, and the site would forget each step at once.",
    "de": "Sie könnten sich nicht anmelden, und die Website würde jeden Schritt sofort vergessen.",
    "fr": "Vous ne pourriez pas vous connecter, et le site oublierait aussitôt chaque étape.",
    "es": "No podría iniciar sesión, y el sitio olvidaría enseguida cada paso.",
    "it": "Non potrebbe effettuare l'accesso, e il sito dimenticherebbe subito ogni passaggio.",
    "nl": "U zou zich niet kunnen aanmelden, en de site zou elke stap meteen vergeten.",
    "pl": "Nie można by się zalogować, a witryna natychmiast zapominałaby każdy krok.",
    "pt": "Não poderia iniciar sessão, e o sítio esqueceria de imediato cada passo.",
}
