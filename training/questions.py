"""Questions in both languages about the terms of the lexicon, by template.

The parallel text asks little. What a template loses in grammar (articles and agreement are not
looked after) it gains in breadth: the words of asking ("in che anno", "a causa di che cosa") stand
beside tens of thousands of nouns and names.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from training.data import Example

# (Italian, English); {a} and {b} stand for terms.
TEMPLATES: tuple[Example, ...] = (
    ("Che cos'è {a}?", "What is {a}?"),
    ("Cosa sono {a}?", "What are {a}?"),
    ("Chi era {a}?", "Who was {a}?"),
    ("Chi ha inventato {a}?", "Who invented {a}?"),
    ("Chi scoprì {a}?", "Who discovered {a}?"),
    ("Chi fu il primo a studiare {a}?", "Who was the first to study {a}?"),
    ("Chi ha guidato {a}?", "Who led {a}?"),
    ("Da chi fu fondata {a}?", "Who founded {a}?"),
    ("Quando è stato scoperto {a}?", "When was {a} discovered?"),
    ("Quando iniziò {a}?", "When did {a} begin?"),
    ("Quando è finita {a}?", "When did {a} end?"),
    ("In che anno fu costruito {a}?", "In what year was {a} built?"),
    ("In quale secolo comparve {a}?", "In which century did {a} appear?"),
    ("In che anno {a} lasciò {b}?", "In what year did {a} leave {b}?"),
    ("Dove si trova {a}?", "Where is {a} located?"),
    ("Dove nacque {a}?", "Where was {a} born?"),
    ("Dove viene prodotto {a}?", "Where is {a} produced?"),
    ("In quale paese c'è {a}?", "In what country is {a} found?"),
    ("In quale parte del corpo si trova {a}?", "What part of the body has {a}?"),
    ("Da dove viene il nome {a}?", "Where does the name {a} come from?"),
    ("Come funziona {a}?", "How does {a} work?"),
    ("Come si chiama {a} in {b}?", "What is {a} called in {b}?"),
    ("Come viene usato {a} in {b}?", "How is {a} used in {b}?"),
    ("Come reagì {a} a {b}?", "How did {a} respond to {b}?"),
    ("Quanti tipi di {a} esistono?", "How many kinds of {a} are there?"),
    ("Quante persone lavorano in {a}?", "How many people work in {a}?"),
    ("Quanto costa {a}?", "How much does {a} cost?"),
    ("Quanto è grande {a}?", "How large is {a}?"),
    ("Quanto dura {a}?", "How long does {a} last?"),
    ("Qual è la causa di {a}?", "What is the cause of {a}?"),
    ("Qual è lo scopo di {a}?", "What is the purpose of {a}?"),
    ("Qual è la differenza tra {a} e {b}?", "What is the difference between {a} and {b}?"),
    ("Qual è un esempio di {a}?", "What is an example of {a}?"),
    ("Qual è un altro nome per {a}?", "What is another name for {a}?"),
    ("Qual è il rapporto tra {a} e {b}?", "What is the relationship between {a} and {b}?"),
    ("Quale tipo di {a} causa {b}?", "What type of {a} causes {b}?"),
    ("Quale gruppo si oppose a {a}?", "What group opposed {a}?"),
    ("Quali sono gli effetti di {a} su {b}?", "What are the effects of {a} on {b}?"),
    ("Quali paesi esportano {a}?", "Which countries export {a}?"),
    ("Quale percentuale di {a} proviene da {b}?", "What percentage of {a} comes from {b}?"),
    ("Di che cosa è fatto {a}?", "What is {a} made of?"),
    ("Di che cosa si occupa {a}?", "What does {a} deal with?"),
    ("Di che cosa ha bisogno {a} per {b}?", "What does {a} need for {b}?"),
    ("A che cosa serve {a}?", "What is {a} used for?"),
    ("A quale famiglia appartiene {a}?", "What family does {a} belong to?"),
    ("Con che cosa viene trattato {a}?", "What is {a} treated with?"),
    ("Con quale altro nome è noto {a}?", "By what other name is {a} known?"),
    ("Perché {a} è importante per {b}?", "Why is {a} important to {b}?"),
    ("Perché fu abbandonato {a}?", "Why was {a} abandoned?"),
    ("Che cosa hanno in comune {a} e {b}?", "What do {a} and {b} have in common?"),
    ("Che cosa ha sostituito {a}?", "What replaced {a}?"),
    ("Che cosa contiene {a}?", "What does {a} contain?"),
    ("Che cosa succede quando {a} incontra {b}?", "What happens when {a} meets {b}?"),
    ("Che ruolo ebbe {a} in {b}?", "What role did {a} play in {b}?"),
    ("Cosa pensava {a} di {b}?", "What did {a} think of {b}?"),
    ("{a} fa parte di quale {b}?", "{a} is part of what {b}?"),
    ("Oltre a {a}, che cosa produce {b}?", "Besides {a}, what does {b} produce?"),
    ("Secondo {a}, che cosa provoca {b}?", "According to {a}, what leads to {b}?"),
    ("Contro chi combatté {a}?", "Who did {a} fight against?"),
    ("Tra quali anni durò {a}?", "Between what years did {a} last?"),
)


def questions(terms: Sequence[Example], count: int, random: Random) -> list[Example]:
    """``count`` (Italian, English) questions about terms drawn at random."""
    found = []
    for _ in range(count):
        italian, english = random.choice(TEMPLATES)
        (it_a, en_a), (it_b, en_b) = random.choice(terms), random.choice(terms)
        found.append((italian.format(a=it_a, b=it_b), english.format(a=en_a, b=en_b)))
    return found
