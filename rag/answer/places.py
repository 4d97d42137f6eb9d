"""Countries and the names that news writes in their stead: "Mosca", "Tehran"."""

from __future__ import annotations

# One country a line: its names in both languages, its capital, and seats that stand for it.
_LINES = """
russia mosca moscow cremlino kremlin
cina china pechino beijing
turchia turkey turkiye ankara
usa us washington
ue eu bruxelles brussels
kazakistan kazakhstan astana
ucraina ukraine kiev kyiv
iran teheran tehran
india delhi
giappone japan tokyo
germania germany berlino berlin
francia france parigi paris eliseo
italia italy roma rome
spagna spain madrid
portogallo portugal lisbona lisbon
polonia poland varsavia warsaw
ungheria hungary budapest
grecia greece atene athens
austria vienna
svizzera switzerland berna bern
belgio belgium
svezia sweden stoccolma stockholm
norvegia norway oslo
finlandia finland helsinki
danimarca denmark copenaghen copenhagen
uk londra london
irlanda ireland dublino dublin
israele israel gerusalemme jerusalem
egitto egypt cairo
arabia riyadh riad
siria syria damasco damascus
iraq baghdad bagdad
azerbaigian azerbaijan baku
armenia yerevan erevan
georgia tbilisi
uzbekistan tashkent
kirghizistan kyrgyzstan bishkek
tagikistan tajikistan dushanbe
turkmenistan ashgabat
bielorussia belarus minsk
serbia belgrado belgrade
romania bucarest bucharest
bulgaria sofia
pakistan islamabad
afghanistan kabul
corea korea seul seoul soul pyongyang
taiwan taipei
vietnam hanoi
canada ottawa
messico mexico
brasile brazil brasilia
argentina
australia canberra
marocco morocco rabat
etiopia ethiopia
kenya nairobi
nigeria abuja
"""
COUNTRY_OF: dict[str, int] = {
    name: number for number, line in enumerate(_LINES.split("\n")) for name in line.split()
}
