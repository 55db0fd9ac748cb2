"""Words of receipts and tables that tell what a row is: a subtotal, a tax, a total, or how it was paid."""

import re
from collections.abc import Mapping
from typing import Literal

from bot.tables.amounts import plain_digits

SumKind = Literal["subtotal", "addition", "deduction", "payment", "total"]
"""The kinds of rows that are no items, the most telling first; an addition is a tax, a tip or a delivery."""

_WORDS: Mapping[SumKind, str] = {
    "subtotal": """subtotal sub-total sous-total zwischensumme zwischentotal netto net nettobetrag parcial
        подытог підсумок промежуточный проміжний нетто उप-योग उपयोग جزء 小計 小计 소계""",
    "deduction": """discount discounts coupon voucher rabatt gutschein nachlass descuento remise réduction desconto
        скидка знижка छूट تخفیف 値引 値引き 割引 折扣 优惠 할인""",
    "addition": """tax taxes vat gst hst pst tip tips gratuity service delivery shipping mwst ust umsatzsteuer
        mehrwertsteuer steuer trinkgeld versand lieferung iva impuesto impuestos propina envío tva pourboire livraison
        imposto impostos gorjeta frete ндс пдв налог податок чаевые чайові доставка कर जीएसटी टैक्स مالیات
        消費税 税 税金 外税 内税 税额 税額 增值税 小费 운송비 부가세""",
    "payment": """cash change card paid tendered visa mastercard maestro girocard ec bar gegeben rückgeld wechselgeld
        karte efectivo cambio tarjeta espèces rendu carte dinheiro troco cartão наличные наличными сдача карта картой
        готівка решта картка नकद नकदी بازپرداخت نقد お預り お預かり お釣り 釣銭 现金 找零 微信 支付宝 카드 현금""",
    "total": """total totals totale due sum summe gesamt gesamtsumme gesamtbetrag endbetrag rechnungsbetrag endsumme
        zahlen suma pagar montant payer importe итого всего сумма оплате сплати разом усього всього कुल योग جمع مجموع
        合計 総計 总计 合计 總計 总额 应付 請求額 합계""",
}
_BESIDE = """amount due to pay the of in and incl including included inc excl excluding plus rate
    charge charges fee grand
    sales gross net brutto rounded zu ttc ht inkl enthalten der die das des den zzgl eur usd gbp chf jpy pln czk
    a à por para de du la le los las général generale general к в т.ч том числе до с без
    items item artikel positionen posten articles artículos itens позиций товаров кол-во x € $ £ ¥ ₽ ₴ ₹ %
    کل قابل پرداخت राशि देय"""
_KINDS: Mapping[str, SumKind] = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_FILLERS = frozenset(_BESIDE.split())
_EASTERN = re.compile("|".join(sorted((word for word in _KINDS if word[0] > "\u2e7f"), key=len, reverse=True)))
_EASTERN_BESIDE = re.compile(r"[額额]|金額|金额|ご|含|内|外|対象|等|うち|人民币|円|元")
_TAX_NOTE = re.compile("税[込抜]み?き?")  # that an amount has its tax in it, or not
_BETWEEN = re.compile(r"[\s:;,/|()\[\]*=&+]+")
_RUNNING = re.compile(
    r"\b(balance|saldo|solde|rate|satz|average|avg|schnitt|year|jahr|rank|rang|no|nr|id|остаток|залишок)\b|残高|余额|順位|名次"
)
LONGEST_LABEL = 80  # characters


def kind_of(label: str) -> SumKind | None:
    """Return the kind of a row by the words in front of its figures; None for an item."""
    if len(label) > LONGEST_LABEL:
        return None
    text = _TAX_NOTE.sub("", plain_digits(label).casefold())
    if eastern := _EASTERN.findall(text):
        rest = re.sub(r"[\d\W_]", "", _EASTERN_BESIDE.sub("", _EASTERN.sub("", text)))
        return None if rest else _first({_KINDS[word] for word in eastern})
    words = [word for token in _BETWEEN.split(text) if (word := token.strip(".-'’–—")) and not _is_figure(word)]
    kinds = {_KINDS[word] for word in words if word in _KINDS}
    if not kinds or any(word not in _KINDS and word not in _FILLERS for word in words):
        return None
    return _first(kinds)


def is_running_column(name: str) -> bool:
    """Tell whether the numbers in a column of this name are not to be added up."""
    return _RUNNING.search(name.casefold()) is not None


def _first(kinds: set[SumKind]) -> SumKind:
    """Return the most telling kind: "total tax" is a tax."""
    return next(kind for kind in _WORDS if kind in kinds)


def _is_figure(word: str) -> bool:
    return any(sign.isdigit() for sign in word)
