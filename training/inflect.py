"""Italian word forms by rule: from a dictionary form to the forms that text uses.

Rules over-generate (a form that no text uses costs a few bytes of vocabulary), because a form that
is missing falls apart into word pieces that mean nothing. Accents are written as the tokenizer sees
them, that is, folded: "firmò" is "firmo".
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_ARE = (
    "o i a iamo ate ano avo avi ava avamo avate avano ai asti o ammo aste arono i ino asse assero"
)
_ARE += (
    " ato ata ati ate ando andosi andolo andola ante anti arsi arlo arla arli arle armi arti arci"
)
_ARE_FUTURE = "ero era eranno eremo erebbe erebbero"
_ERE = (
    "o i e iamo ete ono evo eva evano ei ette ettero erono a ano esse essero uto uta uti ute endo"
)
_ERE += " endosi ente enti ersi erlo erla erli erle ero era eranno erebbe erebbero"
_IRE = "o i e iamo ite ono isco isci isce iscono isca iscano ivo iva ivano ii irono isse issero ito ita"
_IRE += (
    " iti ite endo endosi ente enti irsi irlo irla irli irle iro ira iranno irebbe irebbero a ano"
)

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
    "durre": "duce ducono duceva ducevano dusse dussero dotto dotta dotti dotte durra durranno ducendo",
    "porre": "pone pongono poneva ponevano pose posero posto posta posti poste porra ponendo",
    "trarre": "trae traggono traeva traevano trasse trassero tratto tratta tratti tratte traendo",
    "tenere": "tiene tengono tenne tennero terra terranno terrebbe tenga",
    "venire": "viene vengono venne vennero verra verranno verrebbe venuto venuta venuti venute venga",
    "dire": "dice dicono diceva dicevano disse dissero detto detta detti dette dicendo",
    "fare": "fa fanno faceva facevano fece fecero fatto fatta fatti fatte fara faranno facendo faccia",
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
    "essere": "e sono era erano fu furono sara saranno sarebbe stato stata stati state sia siano fosse",
    "piacere": "piacque piaciuto",
    "valere": "vale valgono valse valso varra",
    "cogliere": "colse colsero colto colta colti colte",
}


def fold(text: str) -> str:
    """Lower case without accents, as the tokenizer's normaliser leaves it."""
    decomposed = unicodedata.normalize("NFD", text.lower())
    return "".join(c for c in decomposed if unicodedata.category(c) != "Mn")


def _verb(lemma: str) -> Iterator[str]:
    if lemma.endswith("si") and lemma[:-2].endswith("r"):  # reflexive: "incrociarsi"
        yield from _verb(lemma[:-2] + "e")
    for ending, forms in _IRREGULAR.items():
        if lemma.endswith(ending):
            yield from (lemma[: -len(ending)] + form for form in forms.split())
    stem = lemma[:-3]
    if lemma.endswith("are"):
        hard = stem + "h" if stem.endswith(("c", "g")) else stem
        soft = stem[:-1] if stem.endswith("i") else stem
        for ending in _ARE.split():
            yield (
                (hard if ending[0] in "ei" else stem) + ending
                if soft == stem
                else (soft if ending[0] == "i" else stem) + ending
            )
        silent = soft if stem.endswith(("ci", "gi", "sci")) else hard
        yield from (silent + ending for ending in _ARE_FUTURE.split())
    elif lemma.endswith("ere"):
        yield from (stem + ending for ending in _ERE.split())
    elif lemma.endswith("ire"):
        yield from (stem + ending for ending in _IRE.split())


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


def forms(lemma: str) -> set[str]:
    """The folded forms of a dictionary form, itself included.

    >>> sorted(forms("banca"))
    ['banca', 'banche']
    >>> {"firmò", "firmati", "firmeranno"} <= {"firmò"} | forms("firmare")
    True
    """
    lemma = fold(lemma)
    found = {lemma}
    if len(lemma) < 3 or not lemma.isalpha():
        return found
    verb = lemma.endswith(("are", "ere", "ire", "rsi", "urre", "orre", "arre"))
    found.update(_verb(lemma) if verb else _nominal(lemma))
    return found
