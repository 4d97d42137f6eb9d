"""Kinds, on invented texts unlike the seeds: what is recognised, and what must stay prose."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.ingest.kinds import regions

STORY = (
    "Il consiglio comunale ha approvato ieri il nuovo piano per la mobilità, dopo mesi di "
    "rinvii.\n\n"
    "La giunta conta di aprire i cantieri in primavera. I comitati di quartiere restano divisi.\n\n"
)


def kinds(text: str) -> list[tuple[str, str]]:
    """(kind, first words) of each region."""
    return [(region.kind, text[region.start : region.end].strip()[:24]) for region in regions(text)]


def only_prose(text: str) -> bool:
    return {kind for kind, _ in kinds(text)} == {"prose"}


REFERENCES = {
    "heading, italian": "Bibliografia\n\nRossi, M. (2020). Storia dei tram. Bari: Laterza.\n"
    "Neri, A. e Verdi, L. (2018). Binari. Milano: Hoepli.\n",
    "heading, english, markdown": "## References\n\n- Smith, J. (2020). *On trams and people*. "
    "Oxford "
    "University Press.\n- Jones, K. et al. 2019. “Rails in the city.” Journal of Transport, "
    "vol. 3.\n",
    "sitography": "Sitografia:\nhttps://example.org/tram (consultato il 3 maggio 2021)\n"
    "https://example.org/rails\n",
    "numbered with brackets": "[1] Rossi, Mario. “La città lenta.” Il Foglio, 3 maggio 2020.\n"
    "[2] Ibid.\n[3] https://example.org/2020/05/tram, consultato il 4 maggio 2020.\n",
    "footnotes at the end of a page": "1 Cfr. M. Rossi, La città lenta, Bari 2020, p. 12.\n"
    "2 Ivi, p. 30.\n3 Ibidem.\n",
    "markdown footnotes": "[^1]: Smith, John. “Trams of the world.” The Times, 3 May 2020.\n"
    "[^2]: Ibid., p. 4.\n",
    "superscripts": "¹ Smith, J., Trams, 2019, p. 3.\n² Op. cit., p. 9.\n",
    "author and year, no heading": "Rossi, M. (2020). Storia dei tram. Bari, Editore Levante.\n"
    "Neri, A. (2018). Binari e città, vol. 2. Milano, Edizioni Nord.\n"
    "Verdi, L. (2015). “Il tram che non c'era”. Rivista di urbanistica, 12(3), pp. 4-9.\n",
    "wrapped": "[1] Rossi, Mario. “La città lenta: come si muovono le persone\n"
    "    nelle metropoli europee.” Il Foglio, 3 maggio 2020.\n"
    "[2] Neri, Anna. “Binari.” La Stampa, 2019,\n    https://example.org/binari\n",
}


@pytest.mark.parametrize("text", REFERENCES.values(), ids=REFERENCES.keys())
def test_reference_lists_are_recognised(text: str) -> None:
    found = kinds(STORY + text)
    assert [kind for kind, _ in found] == ["prose", "reference"]
    assert text.startswith(found[1][1])


@pytest.mark.parametrize("text", REFERENCES.values(), ids=REFERENCES.keys())
def test_prose_after_a_reference_list_is_prose_again(text: str) -> None:
    tail = "\n" + STORY + STORY
    found = kinds(STORY + text + tail)
    assert [kind for kind, _ in found] == ["prose", "reference", "prose"]
    assert found[2][1].startswith("Il consiglio")


PROSE = {
    "recipe with numbers in brackets": "[1] Sbucciate le patate e tagliatele a cubetti.\n"
    "[2] Fatele bollire per venti minuti.\n[3] Scolatele e schiacciatele.\n[4] Servite calde.\n",
    "numbered steps": "1. Open the settings and choose a language.\n2. Press the button.\n"
    "3. Wait until the light turns green.\n",
    "numbered steps with addresses": "1. Scaricate il programma da https://example.org/app.\n"
    "2. Installatelo.\n3. Registratevi su https://example.org/conto.\n",
    "ranking with years": "1. Nel 2024 il governo ha varato la riforma.\n"
    "2. Nel 2025 la Corte l'ha cambiata.\n3. Nel 2026 si vota.\n",
    "quoted numbers in running text": "Come detto in [1] e [2], la rete è cresciuta. Il resto è "
    "noto.\n",
    "note that is advice": "Note\n\nConservate in frigorifero per tre giorni al massimo. Se il "
    "sugo si "
    "addensa, aggiungete un cucchiaio d'acqua calda prima di servire.\n",
    "sources as a topic": "Fonti\n\nIl giornalista protegge le sue fonti anche davanti al "
    "giudice, e la "
    "legge glielo consente nei casi che essa stessa prevede.\n",
    "notes that thank": "Notes\n\nThe author thanks the staff of the library. The survey was "
    "done in May 2020 with 1,000 people (see https://example.org).\n",
    "advice with a link": "## Note\n- La farina può essere integrale. Vedi anche [questo sito]"
    "(https://example.org/farina).\n",
    "years at line starts": "2022\nL'anno della guerra.\n2023\nL'anno della tregua mancata.\n",
    "dialogue": "“Vieni?”, chiese lei. “No”, disse lui.\n“Peccato”, disse lei.\n",
    "chronology": "1991 - Indipendenza dall'Unione Sovietica.\n1997 - La capitale si sposta.\n"
    "2019 - Il presidente lascia.\n",
}


@pytest.mark.parametrize("text", PROSE.values(), ids=PROSE.keys())
def test_what_only_looks_like_references_stays_prose(text: str) -> None:
    assert only_prose(STORY + text)
    assert only_prose(text + "\n" + STORY)


CAPTIONS = [
    "La sindaca inaugura la linea 4. Foto: Anna Neri",
    "The mayor at the opening.\nPhoto credit: City Hall",
    "Foto: Ansa",
    "Un tram d'epoca (foto di Luca Verdi)",
    "Workers lay the rails in March. (Photo by Jane Doe)",
    "I lavori in piazza. [Foto LaPresse]",
    "Figura 3. Passeggeri per ora, 2010-2020",
    "Figure 2: Passengers per hour",
    "![La piazza](piazza.jpg)",
    "Image courtesy of: National Archives",
    "Il tram in deposito. © Comune di Bari",
]


@pytest.mark.parametrize("caption", CAPTIONS)
def test_captions_between_paragraphs_and_inside_sentences(caption: str) -> None:
    assert [kind for kind, _ in kinds(f"{STORY}\n{caption}\n\n{STORY}")] == [
        "prose",
        "caption",
        "prose",
    ]
    torn = f"{STORY}La linea attraversa il centro e\n\n{caption}\n\nla periferia a sud.\n"
    assert kinds(torn)[1] == ("caption", caption[:24].strip())


@pytest.mark.parametrize(
    "text",
    [
        "La foto di gruppo dei leader ha fatto il giro del mondo e dei giornali.",
        "Photography was invented in France. The first photo shows a roof.",
        "Come mostra la figura 3, i passeggeri crescono ogni anno dal 2010.",
        "Il credito alle imprese è calato. Credito cooperativo: la riforma slitta ancora di un "
        "anno.",
        "Image: a word with two meanings, and both matter to the story that we tell in this long "
        "paragraph, which goes on for quite some time before it comes to an end at last.",
    ],
)
def test_what_only_looks_like_a_caption_stays_prose(text: str) -> None:
    assert only_prose(f"{STORY}{text}\n\n{STORY}")


BIOGRAPHIES = {
    "italian": "Laureata in Scienze politiche all'Università di Padova, Marta Gallo è ricercatrice "
    "presso un think tank di Bruxelles e scrive di trasporti per diverse riviste.",
    "english": "Priya Nair is a research fellow at the Transport Institute. She holds a PhD "
    "from the "
    "University of Leeds and writes about cities. Follow her on Twitter: @pnair",
    "headed": "L'autore\n\nGiornalista, vive a Torino. Ha pubblicato due romanzi.",
    "headed, english": "About the author\n\nTom Hale is a reporter based in Cork.",
}


@pytest.mark.parametrize("text", BIOGRAPHIES.values(), ids=BIOGRAPHIES.keys())
def test_the_authors_biography_at_the_end(text: str) -> None:
    found = kinds(STORY + text)
    assert [kind for kind, _ in found] == ["prose", "biography"]
    assert text.startswith(found[1][1])
    after_list = kinds(STORY + REFERENCES["numbered with brackets"] + "\n" + text)
    assert [kind for kind, _ in after_list] == ["prose", "reference", "biography"]


@pytest.mark.parametrize(
    "text",
    [
        # A story about a person, who is in the text before.
        "Marta Gallo ha vinto il premio per la ricerca sui trasporti in Europa, dopo dieci anni "
        "di lavoro "
        "in tre paesi. La giuria è stata unanime.\n\n"
        "Laureata all'Università di Padova, Gallo è ricercatrice presso un think tank e scrive di "
        "trasporti per diverse riviste.",
        # An ordinary last paragraph.
        STORY + "L'università ha espresso dubbi sul piano, che si occupa di mobilità.",
        STORY + "The university is a partner of the project.",
        # A whole document that is a biography.
        "Priya Nair is a research fellow. She holds a PhD from the University of Leeds and writes "
        "about cities.",
    ],
)
def test_what_only_looks_like_a_biography_stays_prose(text: str) -> None:
    assert only_prose(text)


BLOCKS = st.lists(
    st.sampled_from(
        [*REFERENCES.values(), *PROSE.values(), *CAPTIONS, *BIOGRAPHIES.values(), STORY]
    )
    | st.text(max_size=80),
    max_size=8,
)


@given(BLOCKS, st.sampled_from(["\n", "\n\n", " "]))
def test_regions_are_the_whole_text_and_neighbours_differ(blocks: list[str], glue: str) -> None:
    text = glue.join(blocks)
    found = regions(text)
    assert "".join(text[region.start : region.end] for region in found) == text
    assert all(region.start < region.end for region in found)
    assert all(a.end == b.start and a.kind != b.kind for a, b in itertools.pairwise(found))
