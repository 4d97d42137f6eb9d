"""Italian word forms by rule: from a dictionary form to the forms that text uses.

Rules over-generate (a form that no text uses costs a few bytes of vocabulary), because a form that
is missing falls apart into word pieces that mean nothing. Accents are written as the tokenizer sees
them, that is, folded: "firmò" is "firmo".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator


def _each(endings: str) -> list[str]:
    return endings.split()


# Endings by conjugation: those of running prose, and those of speech and of rarer clitics.
_ARE = _each("o a ano ava avano arono ino i ato ata ati ate ando andosi arsi asse assero")
_ARE_RARE = _each("iamo avo avi avamo avate avo ai asti ammo aste arlo arla arli arle ante anti")
_ARE_FUTURE = _each("era eranno erebbe erebbero ero eremo")
_ERE = _each("e ono eva evano ette ettero erono a ano uto uta uti ute endo endosi ersi era eranno")
_ERE_RARE = _each("o i iamo ete evo ei esse essero ente enti erlo erla erli erle ero erebbe")
_IRE = _each("e ono isce iscono iva ivano i irono ito ita iti ite endo endosi irsi ira iranno")
_IRE_RARE = _each("o iamo isco isci isca iscano a ano ivo ii isse issero ente enti irlo irla iro")
COMMON, RARE = 0.3, 0.01  # how often a form is used, as a share of its dictionary form

# Ending of the infinitive -> third persons of the past, participle, and other stems that differ.
_IRREGULAR = {
    "endere": "ese esero eso esa esi",
    "idere": "ise isero iso isa isi",
    "udere": "use usero uso usa usi",
    "ondere": "ose osero oso osa osi uso usa usi use usero",
    "rdere": "rse rsero rso rsa rsi",
    "eggere": "esse essero etto etta etti ette",
    "iggere": "isse issero itto itta itti itte",
    "uggere": "usse ussero utto utta utti utte",
    "rgere": "rse rsero rso rsa rsi rto rta rti rte",
    "ngere": "nse nsero nto nta nti nte",
    "ncere": "nse nsero nto nta nti nte",
    "inguere": "inse insero into inta inti inte",
    "ogliere": "olse olsero olto olta olti olte olgono olga",
    "egliere": "else elsero elto elta elti elte elgono elga",
    "solvere": "solse solsero solto solta solti solte",
    "volgere": "volse volsero volto volta volti volte",
    "scrivere": "scrisse scrissero scritto scritta scritti scritte",
    "mettere": "mise misero messo messa messi messe",
    "correre": "corse corsero corso corsa corsi",
    "muovere": "mosse mossero mosso mossa mossi",
    "primere": "presse pressero presso pressa pressi",
    "cedere": "cesse cessero cesso cessa cessi",
    "cutere": "cusse cussero cusso cussa cussi",
    "rompere": "ruppe ruppero rotto rotta rotti rotte",
    "nascere": "nacque nacquero nato nata nati nate",
    "vivere": "visse vissero vissuto vissuta vissuti vivra vivranno",
    "chiedere": "chiese chiesero chiesto chiesta chiesti chieste",
    "rispondere": "rispose risposero risposto risposta risposti risposte",
    "vedere": "vide videro visto vista visti viste vedra vedranno",
    "durre": "duce ducono duceva ducevano dusse dussero"
    " dotto dotta dotti dotte durra durranno ducendo",
    "porre": "pone pongono poneva ponevano pose posero posto posta posti poste porra ponendo",
    "trarre": "trae traggono traeva traevano trasse trassero tratto tratta tratti tratte traendo",
    "tenere": "tiene tengono tenne tennero terra terranno terrebbe tenga",
    "venire": "viene vengono venne vennero verra verranno"
    " verrebbe venuto venuta venuti venute venga",
    "dire": "dice dicono diceva dicevano disse dissero detto detta detti dette dicendo",
    "fare": "fa fanno faceva facevano fece fecero fatto"
    " fatta fatti fatte fara faranno facendo faccia",
    "dare": "da danno dava davano diede diedero dato data dati date dara daranno dando",
    "stare": "sta stanno stava stavano stette stettero stato stata stati state stara",
    "scegliere": "sceglie scelse scelsero scelto scelta scelti scelte",
    "apparire": "appaiono apparve apparvero apparso apparsa apparsi",
    "aprire": "aperto aperta aperti aperte",
    "coprire": "coperto coperta coperti coperte",
    "offrire": "offerto offerta offerti offerte",
    "morire": "muore muoiono morto morta morti morte",
    "salire": "salgono salga",
    "uscire": "esce escono",
    "sedere": "siede siedono",
    "rimanere": "rimane rimase rimasero rimasto rimasta rimarra",
    "crescere": "crebbe crebbero cresciuto cresciuta cresciuti",
    "conoscere": "conobbe conobbero conosciuto conosciuta conosciuti",
    "cuocere": "cosse cotto cotta cotti cotte",
    "cadere": "cadde caddero cadra",
    "bere": "beve bevono beveva bevve bevuto",
    "potere": "puo possono pote potra potranno potrebbe potrebbero possa possano",
    "volere": "vuole vogliono volle vollero vorra vorrebbe vorrebbero",
    "dovere": "deve devono dovra dovrebbe dovrebbero debba",
    "sapere": "sa sanno seppe seppero sapra",
    "avere": "ha hanno ho ebbe ebbero avra avranno avrebbe abbia abbiano",
    "essere": "e sono era erano fu furono sara saranno"
    " sarebbe stato stata stati state sia siano fosse",
    "piacere": "piacque piaciuto",
    "valere": "vale valgono valse valso varra",
    "cogliere": "colse colsero colto colta colti colte",
}


def fold(text: str) -> str:
    """Lower case without accents, as the tokenizer's normaliser leaves it."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def _verb(lemma: str) -> Iterator[tuple[str, float]]:
    if lemma.endswith("rsi"):  # reflexive: "incrociarsi"
        yield from _verb(lemma[:-2] + "e")
    for ending, changed in _IRREGULAR.items():
        if lemma.endswith(ending):
            yield from ((lemma[: -len(ending)] + form, COMMON) for form in changed.split())
    stem = lemma[:-3]
    if lemma.endswith("are"):
        yield from _first_conjugation(stem)
    for ending, common, rare in (("ere", _ERE, _ERE_RARE), ("ire", _IRE, _IRE_RARE)):
        if lemma.endswith(ending):
            yield from ((stem + e, COMMON) for e in common)
            yield from ((stem + e, RARE) for e in rare)


def _first_conjugation(stem: str) -> Iterator[tuple[str, float]]:
    """C and g keep their sound before e and i ("cerchera"); a stem's own i is not doubled."""
    hard = stem + "h" if stem.endswith(("c", "g")) else stem
    before_i = stem[:-1] if stem.endswith("i") else hard
    before_e = stem[:-1] if stem.endswith(("ci", "gi")) else hard
    for endings, share in ((_ARE, COMMON), (_ARE_RARE, RARE)):
        for ending in endings:
            yield (before_i if ending.startswith("i") else stem) + ending, share
    yield from ((before_e + ending, COMMON) for ending in _ARE_FUTURE)


def _nominal(lemma: str) -> Iterator[str]:
    stem, last = lemma[:-1], lemma[-1]
    hard = stem + "h" if stem.endswith(("c", "g")) else stem
    if last == "o":
        yield from (hard + "i", stem + "i", stem + "a", hard + "e")
        if stem.endswith("i"):
            yield stem
    elif last == "a":
        yield hard + "e"
        if lemma.endswith(("ista", "ma", "ta", "cida", "iatra")):
            yield stem + "i"
        if stem.endswith(("ci", "gi")):
            yield stem[:-1] + "e"
    elif last == "e":
        yield stem + "i"


def forms(lemma: str) -> dict[str, float]:
    """The folded forms of a dictionary form, itself included, and how often each is used (a share).

    >>> sorted(forms("banca"))
    ['banca', 'banche']
    >>> {"firmo", "firmati", "firmeranno"} <= forms("firmare").keys()
    True
    """
    lemma = fold(lemma)
    found = {lemma: 1.0}
    if len(lemma) < 3 or not lemma.isalpha():
        return found
    if lemma.endswith(("are", "ere", "ire", "rsi", "urre", "orre", "arre")):
        for form, share in _verb(lemma):
            found.setdefault(form, share)
    else:
        for form in _nominal(lemma):
            found.setdefault(form, COMMON)
    return found
