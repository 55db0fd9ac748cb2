"""Sixty-four rendered pictures, receipts, menus, signs and drawings with captions, and forty-four searches for them."""

import io
from dataclasses import dataclass
from pathlib import Path

import matplotlib
from PIL import Image, ImageDraw, ImageFont

FONTS = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
PLAIN, BOLD, TYPED = (f"DejaVu{name}.ttf" for name in ("Sans", "Sans-Bold", "SansMono"))
DRAWING = "drawing"


@dataclass(frozen=True, slots=True)
class GoldenPicture:
    """A picture: its kind, the lines that are written in it, and what a model says that it shows."""

    kind: str
    lines: tuple[str, ...]
    shows: str = ""
    shape: str = ""
    colour: str = "white"

    def render(self) -> bytes:
        """Draw it as a PNG."""
        if self.kind == DRAWING:
            return _drawing(self)
        font = TYPED if self.kind == "receipt" else BOLD if self.kind == "sign" else PLAIN
        size = 40 if self.kind == "sign" else 26
        picture = Image.new("RGB", (720, 80 + len(self.lines) * size * 2), self.colour)
        pen = ImageDraw.Draw(picture)
        ink = "white" if self.colour in ("navy", "darkgreen", "darkred") else "black"
        for n, line in enumerate(self.lines):
            pen.text((40, 40 + n * size * 2), line, fill=ink, font=ImageFont.truetype(FONTS / font, size))
        return _png(picture)


def _drawing(picture: GoldenPicture) -> bytes:
    image = Image.new("RGB", (640, 560), "ivory")
    pen = ImageDraw.Draw(image)
    pen.rectangle((40, 40, 600, 440), outline="grey", width=3)
    if picture.shape == "round":
        pen.ellipse((180, 100, 460, 380), fill=picture.colour, outline="black", width=4)
    elif picture.shape == "tall":
        pen.polygon([(320, 70), (240, 420), (400, 420)], fill=picture.colour, outline="black", width=4)
    else:
        pen.rectangle((160, 180, 480, 380), fill=picture.colour, outline="black", width=4)
        pen.polygon([(140, 180), (320, 80), (500, 180)], fill="brown")
    for n, line in enumerate(picture.lines):
        pen.text((40, 465 + n * 40), line, fill="black", font=ImageFont.truetype(FONTS / PLAIN, 28))
    return _png(image)


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _receipt(*lines: str) -> GoldenPicture:
    return GoldenPicture("receipt", lines)


def _menu(*lines: str) -> GoldenPicture:
    return GoldenPicture("menu", lines, colour="cornsilk")


def _sign(colour: str, *lines: str) -> GoldenPicture:
    return GoldenPicture("sign", lines, colour=colour)


def _drawn(shape: str, colour: str, caption: str, shows: str) -> GoldenPicture:
    return GoldenPicture(DRAWING, (caption,), shows, shape, colour)


PICTURES = (
    _receipt("BAKERY MILLER", "2 rolls        1.80", "1 rye bread    4.20", "TOTAL          6.00"),
    _receipt("GREEN GROCER", "apples         3.10", "pears          2.40", "TOTAL          5.50"),
    _receipt("PHARMACY AM MARKT", "ibuprofen 400  4.95", "cough syrup    8.20", "TOTAL         13.15"),
    _receipt("HARDWARE STORE", "wall paint    24.90", "two brushes    7.80", "TOTAL         32.70"),
    _receipt("BOOKSHOP CORNER", "atlas         39.00", "bookmark       2.50", "TOTAL         41.50"),
    _receipt("PETROL STATION", "diesel 41 l   68.40", "car wash      12.00", "TOTAL         80.40"),
    _receipt("FLOWERS BY IRIS", "tulips        11.00", "vase          19.90", "TOTAL         30.90"),
    _receipt("TOY WORLD", "wooden train  27.50", "puzzle        14.00", "TOTAL         41.50"),
    _receipt("SHOE HOUSE", "boots size 42 89.00", "laces          3.50", "TOTAL         92.50"),
    _receipt("CAMERA EXPRESS", "tripod        54.00", "memory card   21.00", "TOTAL         75.00"),
    _receipt("GARDEN CENTRE", "watering can  17.00", "tomato seeds   3.20", "TOTAL         20.20"),
    _receipt("CINEMA PALACE", "2 tickets     23.00", "popcorn        6.50", "TOTAL         29.50"),
    _receipt("HOTEL SEABREEZE", "2 nights     198.00", "breakfast     28.00", "TOTAL        226.00"),
    _receipt("TAXI 4711", "airport ride  46.00", "luggage        2.00", "TOTAL         48.00"),
    _receipt("DENTIST DR ROTH", "cleaning      75.00", "X-ray         32.00", "TOTAL        107.00"),
    _receipt("CHEESE MARKET", "gouda 500 g    9.80", "olives         4.60", "TOTAL         14.40"),
    _receipt("BIKE REPAIR", "inner tube     8.00", "brake pads    16.00", "TOTAL         24.00"),
    _receipt("POST OFFICE", "parcel abroad 19.50", "10 stamps      9.50", "TOTAL         29.00"),
    _receipt("MUSEUM SHOP", "poster        15.00", "catalogue     28.00", "TOTAL         43.00"),
    _receipt("LAUNDRY QUICK", "3 shirts       9.00", "duvet         22.00", "TOTAL         31.00"),
    _menu("TRATTORIA DA LUIGI", "Margherita 8.50", "Quattro Formaggi 11.00", "Tiramisu 5.50"),
    _menu("LOTUS", "Noodle soup 9.80", "Spring rolls 5.20", "Green curry 12.40"),
    _menu("BURGER BARN", "Cheeseburger 10.90", "Onion rings 4.50", "Milkshake 5.00"),
    _menu("TAPAS SOL", "Patatas bravas 6.00", "Gambas al ajillo 11.50", "Sangria 5.50"),
    _menu("SUSHI KAI", "Salmon nigiri 4.80", "Tuna maki 6.20", "Miso soup 3.50"),
    _menu("CAFE ANNA", "Espresso 2.40", "Carrot cake 4.80", "Hot chocolate 3.90"),
    _menu("FISH HARBOUR", "Cod with chips 13.50", "Mussels 15.00", "Lemonade 3.80"),
    _menu("TAJ GARDEN", "Chicken tikka 13.90", "Garlic naan 3.50", "Mango lassi 4.20"),
    _menu("BREAKFAST CLUB", "Pancakes 7.50", "Scrambled eggs 6.80", "Orange juice 3.60"),
    _menu("GYROS ZEUS", "Souvlaki 10.50", "Tzatziki 4.00", "Baklava 4.50"),
    _menu("STEAK HOUSE", "Ribeye 28.00", "Baked potato 5.50", "Coleslaw 4.20"),
    _menu("VEGAN CORNER", "Lentil stew 9.50", "Falafel bowl 10.80", "Beetroot juice 4.40"),
    _menu("ICE DREAM", "Pistachio scoop 1.80", "Banana split 7.20", "Waffle 4.50"),
    _menu("CREPERIE ROSE", "Galette with ham 8.90", "Crepe with lemon 5.40", "Cider 4.00"),
    _menu("BEER GARDEN", "Pretzel 3.20", "Roast pork 14.50", "Radish salad 4.80"),
    _sign("gold", "NO PARKING", "8 - 18 h", "except residents"),
    _sign("darkgreen", "SUMMIT 2 h 30", "Eagle hut 45 min", "Valley station 1 h"),
    _sign("navy", "PLATFORM 7", "Express to Lisbon", "departs 14:05"),
    _sign("darkred", "DANGER", "High voltage", "Keep out"),
    _sign("white", "LIBRARY", "Mon - Fri 10 - 19", "closed on Sunday"),
    _sign("gold", "BEWARE OF THE DOG"),
    _sign("navy", "SWIMMING POOL", "No running", "No diving"),
    _sign("white", "LOST CAT", "grey, answers to Momo", "call 555 0199"),
    _sign("darkgreen", "NATURE RESERVE", "Stay on the path", "Orchids are protected"),
    _sign("white", "FOR SALE", "3 rooms with balcony", "Agency Keller"),
    _sign("darkred", "FIRE EXIT", "Do not block"),
    _sign("gold", "ROAD WORK", "Detour via Mill Street"),
    _sign("white", "WIFI", "network guesthouse", "password heron-lake"),
    _sign("navy", "GATE B22", "Flight LH 1234 Munich"),
    _sign("white", "YARD SALE", "Saturday 9 am", "12 Maple Lane"),
    _drawn("house", "red", "our home, by Emma", "A child's drawing of a red house with a brown roof."),
    _drawn("round", "yellow", "good morning", "A big yellow sun drawn in the middle of the page."),
    _drawn("tall", "green", "December", "A green fir tree, drawn as a triangle."),
    _drawn("round", "orange", "boo!", "A drawing of an orange pumpkin."),
    _drawn("tall", "grey", "to the moon", "A grey rocket that points upwards."),
    _drawn("house", "white", "the old barn", "A white barn with a pitched roof."),
    _drawn("round", "blue", "where we live", "A blue planet, perhaps the Earth."),
    _drawn("tall", "white", "catch the wind", "A white sail of a boat."),
    _drawn("round", "red", "an a day", "A round red apple without a stalk."),
    _drawn("tall", "yellow", "lunch", "A yellow slice of cheese, or of pizza."),
    _drawn("house", "pink", "for the dolls", "A pink doll's house with a brown roof."),
    _drawn("round", "black", "strike!", "A black bowling ball."),
    _drawn("tall", "purple", "abracadabra", "A purple pointed hat of a wizard."),
    _drawn("house", "grey", "knights live here", "A grey castle with a roof above its gate."),
)

# What people look for, and the first line of what they mean: by words in it, or by what it shows.
SEARCHES = {
    "bakery receipt with rye bread": "BAKERY MILLER",
    "where I bought pears": "GREEN GROCER",
    "pharmacy ibuprofen": "PHARMACY AM MARKT",
    "receipt for the paint brushes": "HARDWARE STORE",
    "the atlas": "BOOKSHOP CORNER",
    "diesel": "PETROL STATION",
    "tulips and a vase": "FLOWERS BY IRIS",
    "wooden train": "TOY WORLD",
    "boots": "SHOE HOUSE",
    "tripod receipt": "CAMERA EXPRESS",
    "tomato seeds": "GARDEN CENTRE",
    "popcorn": "CINEMA PALACE",
    "hotel bill seabreeze": "HOTEL SEABREEZE",
    "taxi to the airport": "TAXI 4711",
    "dentist": "DENTIST DR ROTH",
    "parcel stamps": "POST OFFICE",
    "pizza menu with Margherita": "TRATTORIA DA LUIGI",
    "green curry": "LOTUS",
    "onion rings": "BURGER BARN",
    "gambas": "TAPAS SOL",
    "salmon nigiri": "SUSHI KAI",
    "carrot cakes": "CAFE ANNA",
    "mussels": "FISH HARBOUR",
    "mango lassi": "TAJ GARDEN",
    "pancakes": "BREAKFAST CLUB",
    "banana split": "ICE DREAM",
    "no parking sign": "NO PARKING",
    "trail sign to the summit": "SUMMIT 2 h 30",
    "train to Lisbon": "PLATFORM 7",
    "high voltage": "DANGER",
    "when is the library open": "LIBRARY",
    "lost cat Momo": "LOST CAT",
    "wifi password": "WIFI",
    "detour": "ROAD WORK",
    "gate B22": "GATE B22",
    "orchids": "NATURE RESERVE",
    "flat with a balcony for sale": "FOR SALE",
    "red house": "our home, by Emma",
    "fir trees": "December",
    "pumpkin": "boo!",
    "rocket": "to the moon",
    "sailing boat": "catch the wind",
    "wizard hat": "abracadabra",
    "castle": "knights live here",
}
