"""The provisions themselves: what each asks for, from when, and where that was read.

Statutes and standards are named by their own paragraphs, described in our words. ``text``: the words of the rule were
read, in the copy that the address holds; ``report``: somebody's account of them; ``unread``: neither, to be checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

Checked = Literal["text", "report", "unread"]
CHECKED: Mapping[Checked, str] = {
    "text": "text read in a copy",
    "report": "summary read, text itself not read",
    "unread": "not checked",
}

#: Classes by which a client's file itself says that duties of the Act are at stake.
BINDING = frozenset({"prohibited", "high", "limited", "gpai"})
READ_ON = date(2026, 11, 29)


@dataclass(frozen=True)
class Source:
    """Where it was read, what stands there in our words, and when it was opened."""

    address: str
    says: str
    opened: date = READ_ON


@dataclass(frozen=True)
class Provision:
    """One rule. ``classes``: of the AI Act that it binds; ``regime``: who has to look at it; ``since`` None: long in force."""

    key: str
    law: str
    reference: str
    what: str
    regime: str
    since: date | None
    checked: Checked
    sources: tuple[Source, ...] = ()
    classes: frozenset[str] = frozenset()
    cite: str = ""  # key in book/references.bib

    @property
    def words(self) -> str:
        return CHECKED[self.checked]


_ACT = Source(
    "https://legalviz.eu/aia/article/113",
    "Article 113 as adopted in 2024: general application from 2 August 2026, chapters I and II from 2 February 2025, "
    "general-purpose models, governance and penalties from 2 August 2025, Article 6(1) from 2 August 2027.",
)
_AMENDED = Source(
    "https://github.com/ThomasMoreAI/legal-skills-open/blob/main/eu/regulatory/skills/ai-act-compliance-clemensjl/"
    "references/timeline.md",
    "An annotated timetable of the Act as amended by Regulation (EU) 2026/1744 of 8 July 2026 (Official Journal of 24 July, "
    "in force 27 July 2026): high risk under Annex III from 2 December 2027 and under Annex I from 2 August 2028; new "
    "prohibitions and the marking of older generating systems from 2 December 2026; Article 50 unchanged; systems already in "
    "use come under the duties for high risk only when their design changes significantly (Article 111(2)).",
)
_CHECKED_TIMELINE = Source(
    "https://github.com/Opencomplai/opencomplai/releases/tag/v0.13.1",
    "A software project that compared its dates with the Official Journal's text of Regulation (EU) 2026/1744 and found the "
    "same ones for Article 5, Article 50, Annex III and Annex I.",
)
_COUNCIL = Source(
    "https://www.heuking.de/en/news-events/newsletter-articles/detail/"
    "ai-omnibus-2026-trilogue-agreement-on-amendments-to-the-ai-act-brings-longer-deadlines-and-less-bureaucracy.html",
    "A law firm: Parliament agreed on 16 June, the Council on 29 June 2026; the duties for high-risk systems are put off.",
)
_SCOPE = Source(
    "https://www.euaiactnav.com/article/2",
    "Article 2: the Act reaches providers and deployers outside the Union where the output is used in the Union.",
)
_MONITORING = Source(
    "https://digitalhorizon.hannessnellman.com/ai-strategy/ai-regulation-air/"
    "chapter-ix-post-market-monitoring-information-sharing-market-surveillance-art-72-94/?art=0",
    "Article 72: providers of high-risk systems collect and analyse data on their performance throughout their lifetime.",
)
_IAS38_BOUGHT = Source(
    "http://www.ifrs-portal.com/Texte_englisch/Standards/Standards_2005/IAS_38/IAS_38_3.htm",
    "Paragraphs 25 to 30 in the edition of 2005: for an asset acquired separately the probability of benefits is taken as "
    "met by its price; cost is the price and what it takes to prepare the asset; training and overheads are no part.",
)
_IAS38_MADE = Source(
    "http://people.wku.edu/jack.hall/IFRS%20%20R&D.html",
    "Paragraphs 52 to 57: no asset from research; development is an asset only if all six points are demonstrated.",
)
_IAS38_CONTENTS = Source(
    "https://www.slideshare.net/IFRS_IAS_COMPILED/ias38-64301045",
    "The standard's own table of contents: past expenses are not to be recognised as an asset (71), amortisation (97).",
)
_SAAS = Source(
    "https://www.iasplus.com/en-gb/meeting-notes/ifrs-ic/2019/march/ias-38",
    "The Interpretations Committee in March 2019: a right only to reach software that runs at the supplier is a service; "
    "where a contract does hold a software licence, it is an intangible asset and not a lease.",
)
_IAS36_BASIS = Source(
    "http://www.ifrs-portal.com/Texte_englisch/Standards/Standards_2006/IAS_36/IAS_36_5.htm",
    "Paragraphs 33 to 35 in the edition of 2006: budgets for at most five years unless longer can be justified, without "
    "improvements of the asset.",
)
_IAS36_FLOWS = Source(
    "https://www.vskills.in/certification/tutorial/composition-of-estimates-of-future-cash-flows/",
    "A course on the like-worded Indian standard: what is still to be paid before an asset is ready counts; tax and "
    "financing do not.",
)
_IAS36_ANNUAL = Source(
    "https://cablogindia.com/quick-reference-on-ind-as-36/",
    "A reference on the like-worded Indian standard: an intangible asset not yet available for use is tested every year; where "
    "one asset cannot be tested alone, the smallest group with inflows of its own is.",
)
_BCZ85 = Source(
    "https://service.betterregulation.com/document/431177",
    "Basis for conclusions BCZ85: both ways of discounting must give one result; a rate after tax divided by one less the "
    "tax rate is not always the rate before tax.",
)
_IFRS16_SCOPE = Source(
    "https://gov.uk/hmrc-internal-manuals/business-leasing-manual/blm17010",
    "The British tax authority on scope: rights under licences within IAS 38 are no leases; a lessee may expense leases of at "
    "most twelve months without an option to buy, and leases of low value.",
)
_IFRS16_TEXT = Source(
    "https://annualreporting.info/ifrstandard/ifrs-16-leases/",
    "Paragraphs 22 to 24: on the first day a lessee recognises a right-of-use asset and a liability; what its cost consists of.",
)
_IFRS16_GUIDE = Source(
    "https://www.slideshare.net/slideshow/sea-audit-ifrs-16-guide-by-deloitte/75747883",
    "Deloitte's guide of June 2016: for periods that begin on or after 1 January 2019.",
)
_IFRS13 = Source(
    "https://ifrscommunity.com/knowledge-base/fair-value-hierarchy/",
    "Inputs have one of three levels (72); the measurement takes that of the lowest input that is significant to it (73).",
)
_IFRS13_SCOPE = Source(
    "https://mycompanytax.com/ifrs13",
    "Disclosures are not asked where the recoverable amount under IAS 36 is fair value less costs of disposal; those on "
    "unobservable inputs are for recurring measurements.",
)
_IFRS13_WORDS = Source(
    "https://annualreporting.info/ifrs-13-disclosure-fair-value-sensitivity/",
    "Paragraph 93(h)(i) asks for the sensitivity at level 3 in words only; a table may be used.",
)
_IVS = Source(
    "https://legalclarity.org/international-valuation-standards-ivs-how-they-work/",
    "The edition in force since 31 January 2025 has six General Standards, IVS 101 to 106, with more on data.",
)
_IVS_SCOPE = Source(
    "https://taxguru.in/?p=863111",
    "An account of an earlier edition: the scope of work names the valuer, his independence and competence, the purpose and "
    "the basis of value.",
)
_CN_ACCOUNTS = Source(
    "http://jianbiaoku.com/webarbs/book/171804/4860418.shtml",
    "Text of the provisions of 1 August 2023: data resources in own use that meet CAS 6 are intangible assets.",
)
_CN_FORWARD = Source(
    "https://www.waitang.com/report/70910963.html",
    "A broker's note: in force from 1 January 2024, applied forward only; what was expensed before is not put back.",
)
_CN_SINCE = Source(
    "https://digitalpolicyalert.org/event/14393-implemented-interim-provisions-on-accounting-treatment-of-enterprise-data-"
    "resources-introducing-operating-conditions",
    "A register of digital policy: in force on 1 January 2024.",
)
_CN_APPRAISAL = Source(
    "https://www.rcrzj.com/zhishi/352725.html",
    "An account of the guidance that the China Appraisal Society issued on 8 September 2023: seven chapters, 28 articles, in "
    "force from 1 October 2023; data quality, legality and method have to be stated.",
)
_US = Source(
    "https://rsmus.com/insights/financial-reporting/accounting-internal-software-costs.html",
    "An audit firm: stages of a project no longer decide; in force for years that begin after 15 December 2027, early "
    "adoption allowed.",
)


def _act(key, reference, what, since, checked, sources, classes) -> Provision:
    return Provision(
        key=key,
        law="EU AI Act",
        reference=reference,
        what=what,
        regime="eu_ai_act",
        since=since,
        checked=checked,
        sources=sources,
        classes=frozenset(classes),
        cite="eu_ai_act" if checked == "text" else "eu_ai_act_2026",
    )


def _rule(key, law, reference, what, regime, checked, *sources, since=None, cite="") -> Provision:
    return Provision(
        key=key, law=law, reference=reference, what=what, regime=regime, since=since, checked=checked, sources=sources,
        cite=cite,
    )  # fmt: skip


PROVISIONS: tuple[Provision, ...] = (
    _rule("scope", "EU AI Act", "Art. 2", "The Act reaches those outside the Union whose systems are put on its market or whose "
          "output is used in it.", "outside_the_eu", "text", _SCOPE, cite="eu_ai_act"),
    _act("prohibited", "Art. 5", "The practice is forbidden: the system must not be put on the market, into service or used.",
         date(2025, 2, 2), "text", (_ACT,), {"prohibited"}),
    _act("literacy", "Art. 4", "Measures so that those who work with AI systems know enough about them (worded more mildly since "
         "27 July 2026).", date(2025, 2, 2), "text", (_ACT, _AMENDED), {*BINDING, "minimal"}),
    _act("gpai", "Chapter V", "Duties of providers of general-purpose models: documentation, information, copyright.",
         date(2025, 8, 2), "text", (_ACT,), {"gpai"}),
    _act("transparency", "Art. 50", "Who deals with an AI system is told so; what a system generates is marked.",
         date(2026, 8, 2), "text", (_ACT, _AMENDED), {"limited", "gpai"}),
    _act("marking", "Art. 50(2), 111(4)", "Only systems that generate content: those on the market before 2 August 2026 mark it too; "
         "two more practices are forbidden.", date(2026, 12, 2), "report", (_AMENDED, _CHECKED_TIMELINE), {"limited", "gpai"}),
    _act("high_use", "Chapter III, Annex III", "If high risk by its use (such as the creditworthiness "
         "of natural persons): duties of risk management, data, documentation, oversight, monitoring in use (Art. 72).",
         date(2027, 12, 2), "report", (_AMENDED, _CHECKED_TIMELINE, _COUNCIL, _MONITORING), {"high"}),
    _act("high_product", "Chapter III, Annex I", "Only if it is part of a regulated product: the same duties, in place of those by use.",
         date(2028, 8, 2), "report", (_AMENDED, _CHECKED_TIMELINE, _COUNCIL), {"high"}),
    _rule("ias38_made", "IAS 38", "54, 57", "Made by the company: research is expensed, development is an asset once six points are "
          "demonstrated.", "ias38_made", "text", _IAS38_MADE, cite="ias38"),
    _rule("ias38_later", "IAS 38", "65, 67, 69, 71, 97", "Cost counts from the day on which the six points are met, without training "
          "and overheads; nothing expensed is put back; amortisation begins when the asset is available for use.",
          "ias38_made", "report", _IAS38_CONTENTS, cite="ias38"),
    _rule("ias38_bought", "IAS 38", "25 to 32", "Bought or licensed: an asset at its price and the cost of preparing it, without the "
          "six points.", "ias38_bought", "text", _IAS38_BOUGHT, cite="ias38"),
    _rule("saas", "IFRS Interpretations Committee", "March 2019", "A licence that only gives access to software at the supplier's is "
          "a service and no asset.", "ias38_bought", "report", _SAAS, cite="ifric_saas"),
    _rule("ifrs16", "IFRS 16", "5, 22", "Leased: a right-of-use asset and a liability, but for leases of at most twelve months, of "
          "low value, and contracts that are a service.", "ifrs16", "text", _IFRS16_TEXT, _IFRS16_SCOPE, _IFRS16_GUIDE,
          since=date(2019, 1, 1), cite="ifrs16"),
    _rule("ias16", "IAS 16", "16, 17", "Machines: price and installation are property, plant and equipment.", "ias16", "unread"),
    _rule("ias36", "IAS 36", "10, 33(b), 42, 50, 55, 66", "Impairment: groups that earn together are tested together; what an asset "
          "still needs before it is ready counts; rate and flows before tax; an intangible asset not yet in use is tested every "
          "year.", "ias36", "report", _IAS36_ANNUAL, _IAS36_BASIS, _IAS36_FLOWS, _BCZ85, cite="ias36"),
    _rule("ifrs13", "IFRS 13", "72 to 90, 93", "Fair value: a level for each input; for recurring measurements at level 3 the inputs "
          "and, in words, what another input would do; a table may be used.", "ifrs13", "report", _IFRS13, _IFRS13_WORDS, _IFRS13_SCOPE, cite="ifrs13"),
    _rule("ivs", "International Valuation Standards", "101 to 106, 210", "Scope, basis, approaches, data and inputs, models, "
          "documentation and report.", "ivs", "report", _IVS, _IVS_SCOPE, since=date(2025, 1, 31), cite="ivs2025"),
    _rule("cn_accounts", "财会〔2023〕11号", "Ministry of Finance, China", "Data resources: intangible assets for own use, inventories "
          "for sale, with a line of their own; forward only.", "china", "text", _CN_ACCOUNTS, _CN_SINCE, _CN_FORWARD,
          since=date(2024, 1, 1), cite="cn_data_2023"),
    _rule("cn_appraisal", "中评协〔2023〕17号", "China Appraisal Society", "Guidance on the appraisal of data assets: cost, income "
          "and market, with statements on quality and legality.", "china", "report", _CN_APPRAISAL,
          since=date(2023, 10, 1), cite="cn_appraisal_2023"),
    _rule("cn_notice", "财会〔2025〕33号", "Ministry of Finance, China", "Reported to say that an amount found by appraisal is no "
          "direct basis for booking data resources, which stand at cost. The notice itself was not found; only programs that "
          "quote this sentence were.", "china", "unread"),
    _rule("asu_2025_06", "ASU 2025-06", "ASC 350-40", "Software for internal use: the stages of a project no longer decide what is "
          "capitalised; management's commitment and probable completion do. For years that begin after 15 December 2027.",
          "us_gaap", "report", _US, since=date(2027, 12, 16), cite="asu2025_06"),
)  # fmt: skip
