"""
Country codes, and the countries to which a transfer needs no safeguard.

The declaration has the names, in the reader's language.

Source: ISO 3166-1 alpha-2, state of November 2026, with ``EU``, which it reserves for the European
Union; GDPR Article 45 for the United Kingdom, on adequacy decisions in both directions.
"""

from __future__ import annotations

_HOME = (
    "AT BE BG CY CZ DE DK EE ES EU FI FR GB GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI "
    "SK"
)
_ABROAD = (
    "AD AE AF AG AI AL AM AO AQ AR AS AU AW AX AZ BA BB BD BF BH BI BJ BL BM BN BO BQ BR BS BT BV "
    "BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX DJ DM DO DZ EC EG EH ER ET FJ FK "
    "FM FO GA GD GE GF GG GH GI GL GM GN GP GQ GS GT GU GW GY HK HM HN HT ID IL IM IN IO IQ IR JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LK LR LS LY MA MC MD ME MF MG MH MK ML MM "
    "MN MO MP MQ MR MS MU MV MW MX MY MZ NA NC NE NF NG NI NP NR NU NZ OM PA PE PF PG PH PK PM PN "
    "PR PS PW PY QA RE RS RU RW SA SB SC SD SG SH SJ SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG "
    "TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM "
    "ZW"
)

#: The European Economic Area and the United Kingdom.
HOME = frozenset(_HOME.split())
#: Every valid code.
COUNTRIES = HOME | frozenset(_ABROAD.split())
#: Other spellings of a code, in upper case.
OTHER_SPELLINGS = {"EEA": "EU", "EL": "GR", "UK": "GB", "USA": "US"}
