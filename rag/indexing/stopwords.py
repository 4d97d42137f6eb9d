"""Function words of the two languages: dropped from questions, kept in the index.

Written as folded words (lowercase, no accents), so "è" is "e" and "perché" is "perche". The pieces
that an apostrophe cuts off ("dell'", "un'", the "s" of "Kazakhstan's") are among them.
"""

from __future__ import annotations

from typing import Final

from rag.core.types import Language

_ITALIAN = """
il lo la i gli le l un uno una gl
di a ad da in con su per tra fra d durante verso presso entro secondo attraverso
tramite
del dello della dei degli delle dell degl al allo alla ai agli alle all agl
dal dallo dalla dai dagli dalle dall dagl nel nello nella nei negli nelle nell negl
sul sullo sulla sui sugli sulle sull sugl col coi coll collo colla colle
e ed o od oppure ovvero ma pero anche pure neppure neanche nemmeno ne se che c ch cioe quindi dunque
perche poiche siccome mentre affinche benche sebbene nonostante bensi infatti inoltre
non no si piu meno molto poco troppo tanto cosi come ancora gia mai sempre solo soltanto
io tu lui lei esso essa noi voi loro essi esse egli ella me te mi ti ci vi m t v s n
mio mia miei mie tuo tua tuoi tue suo sua suoi sue nostro nostra nostri nostre vostro vostra vostri
vostre questo questa questi queste quest quello quella quelli quelle quell quel quei quegli cio
stesso stessa stessi stesse tale tali
chi cui cosa cos qual quale quali qualche quanto quanta quanti quante quant quando dove dov ove
donde qualcosa qualcuno
sono sei siamo siete era eri eravamo erano fu fui furono fosse fossero sia siano saro sara saranno
sarebbe sarebbero stato stata stati state essere essendo es
ho hai ha abbiamo avete hanno avevo aveva avevamo avevano ebbe ebbero abbia abbiano avra avranno
avrebbe avrebbero avere avendo avuto avuta avuti avute
viene vengono venne vennero veniva venivano
puo possono poteva potevano potrebbe potrebbero potuto
deve devono doveva dovevano dovrebbe dovrebbero
sta stanno stava stavano
qui qua ecco circa
"""

_ENGLISH = """
the a an of to in on at by for with from into onto upon about as
and or nor but if then than so because while although though however therefore
not no yes too also very just only even ever still yet already
i you he she it we they me him her us them my your his its our their mine yours hers ours theirs
myself yourself himself herself itself ourselves themselves
this that these those such same there here
who whom whose which what when where why how
is are was were be been being am isn aren wasn weren
do does did done doing don doesn didn
has have had having hasn haven hadn
will would shall should can could might must won wouldn shouldn couldn cannot
s t d ll re ve m o
between among through during per via
some any each every much many more most less least few lot lots
"""

FUNCTION_WORDS: Final[dict[Language, frozenset[str]]] = {
    "it": frozenset(_ITALIAN.split()),
    "en": frozenset(_ENGLISH.split()),
}
