"""Function words: the small closed classes by which a short question shows its language.

`OWN` lists those of Italian and English that the other does not have. `FOREIGN` lists those of
other languages in Latin script that are words of neither.
"""

from __future__ import annotations

from rag.core.types import Language


def words(text: str) -> frozenset[str]:
    """The words of a list that is written as running text."""
    return frozenset(text.split())


OWN: dict[Language, frozenset[str]] = {
    "it": words(
        "il lo la gli le un uno una l un dell nell all dall sull di del dello della dei degli "
        "delle al allo alla ai agli alle da dal dallo dalla dai dagli dalle nel nello nella nei "
        "negli nelle sul sullo sulla sui sugli sulle con per tra fra su e ed o che chi cosa come "
        "quando dove perché perche perchè quale quali qual quanto quanta quanti quante cui è sono "
        "era erano fu furono stato stata stati state ha hanno aveva avevano ho hai abbiamo avete "
        "si ci vi ne non anche ma se più piu meno molto questo questa questi queste quello quella "
        "quelli quelle suo sua suoi loro nostro mi ti c cos dov com quant quell quest essere avere "
        "fare fatto può puo possono deve devono viene vengono secondo dopo prima durante contro "
        "senza verso dimmi parlami spiegami riassumi elenca parla dice sai cioè ancora già gia"
    ),
    "en": words(
        "the an of to and or is are was were be been being has have had having does did done do "
        "will would can could should may might must shall not n t what who whom whose which when "
        "where why how many much this that these those it its he she they them their his her we "
        "our you your my with from by for on at as into about between during against within "
        "without than then there if but after before over under while because tell explain "
        "describe summarize summarise list give show me any some such both each most more"
    )
    - {"me", "do", "list"},
}

FOREIGN: dict[str, frozenset[str]] = {
    "fr": words(
        "le les des du de et où est sont dans avec quand quel quelle quels quelles que qui "
        "pourquoi combien ont été aux leur leurs cette ces nous vous ils elle elles entre sur "
        "une je qu était étaient quoi comment pour par au la un si ne ma ai "
        "en on a il pays c d j l n s"
    ),
    "de": words(
        "der die das den dem des und ist sind nicht wird wurde wurden wer wie warum wann welche "
        "welcher welches welchen zwischen mit für über auf aus bei nach zum zur ein eine einen "
        "einem einer von haben hat wieviel wieviele viele war im es sie ich worüber"
    ),
    "es": words(
        "el los las del y es son está están fue qué cómo cuándo dónde quién quiénes cuál cuáles "
        "cuántos cuántas cuánto por para pero sobre entre hay han según también más que de"
    ),
    "pt": words(
        "o os as do dos das de e é são não foi está você quem onde como quando quantos quantas "
        "qual quais que em uma um na nos entre sobre para por também mais porquê foram pelo pela"
    ),
    "nl": words(
        "de het een en van is zijn niet wat waarom hoe wie wanneer welke voor met naar ook wordt "
        "tussen heeft hebben hoeveel waar"
    ),
    "pl": words(
        "w z i jest są nie co kto gdzie dlaczego czy się jak kiedy który która które między ile "
        "został została"
    ),
    "ro": words("este sunt și în din pentru între cine când câte câți cum care ce unde nu cu"),
    "tr": words("ve bir bu nedir kim nasıl hangi için neden nerede kaç ile arasında mi mı kimdir"),
    "sv": words("och är inte vad varför hur vem när det som ett mellan många har av"),
    "da": words(
        "og er ikke hvad hva hvorfor hvordan hvem hvornår hvor mange det som mellem mellom"
    ),
    "cs": words("je jsou není proč kdo kde jak kolik mezi který která jaký co kdy"),
    "hu": words("és hogy miért mikor hány nem egy az hol között milyen melyik"),
    "fi": words("ja mikä miksi kuka missä mitä kuinka monta oli milloin ovat"),
    "id": words("apa yang siapa mengapa dimana berapa dan dengan antara adalah"),
}

# Also parts of names, in any language: "Ursula von der Leyen", "Los Angeles", "Das Kapital". And
# words that Italian or English have too. They never show a third language by themselves.
NAME_PARTICLES = words(
    "le les des du de et der die das den dem von zum zur el los las del y do dos das da o os as "
    "e i van het en une ein eine au aux un una al est per par por para que qui sur pour entre on "
    "in im is has war hat co come como comment quel quelle quando qual es sie son hay ha han em "
    "na no nos um uma ce care nu cu kim bu mi det har av som er az ja je ile ve dan bir unde hva "
    "sobre mange oli monta nem hol w z mais ou kde apa mit met jest din yang elle a i no me quand "
    "c d j l n s"
)

# Letters of neither Italian nor English words ("cosí" and "piú" are old Italian spellings).
FOREIGN_LETTERS = frozenset("áóñãõßäöüçœæøåêâîôûëïłśźżćńčšžřěůőűışğțșăđ")

# Interrogatives that are a question's language by themselves.
QUESTION_WORDS = words(
    "où pourquoi combien quoi quels quelles warum wieviel wieviele welche welcher welches wer wann "
    "qué cómo cuándo dónde quién quiénes cuál cuáles cuántos cuántas cuánto quem quantos quantas "
    "porquê quais waarom hoeveel wanneer welke dlaczego gdzie kto kiedy nedir nasıl hangi neden "
    "nerede kaç kimdir varför vem hvorfor hvem hvordan hvornår proč kdo kolik miért mikor hány "
    "miksi kuka missä mikä mitä siapa mengapa dimana berapa când câte câți"
)
