"""The words that mail programs put around quoted mail, by what they mark. Data only; every entry is matched casefolded.
English, Spanish, French, German, Portuguese, Italian and Dutch in full, their neighbours where programs are common."""

BOUNDARIES = {
    "en": "-- Reply above this line --",
    "es": "-- Responda encima de esta l\u00ednea --",
}
"""The first line of every mail of ours, by its language: what stands below it is ours, not the customer's."""
BOUNDARY_CLASS = "till-boundary"
"""The HTML element around that line. Gmail puts a prefix before a quoted class, so it is searched, not compared."""

WROTE = (
    *("wrote", "writes", "a écrit", "a écrit", "escribió", "escribio", "ha escrito", "schrieb", "hat geschrieben"),
    *("escreveu", "ha scritto", "scrisse", "schreef", "skrev", "kirjoitti", "napisał(a)", "napisał", "napisała"),
    *(
        "a scris",
        "írta",
        "пишет",
        "написал",
        "\u043d\u0430\u043f\u0438\u0441\u0430\u043b(\u0430)",
        "написала",
        "написав",
        "va escriure",
        "yazd\u0131",
        "napsal",
    ),
    *("napsal(a)", "napísal", "έγραψε", "je napisao", "geschreven", "escriviu", "写道", "のメール", "skreiv"),
)
"""Verbs of the line above a quote."""
FROM = (
    *("from", "de", "von", "da", "van", "fra", "från", "od", "от", "od", "lähettäjä", "expéditeur", "remitente"),
    *("remetente", "mittente", "absender", "afzender", "desde", "kimden", "发件人", "від", "odesílatel", "von:"),
)
OTHER_FIELDS = (
    *("sent", "date", "to", "cc", "bcc", "subject", "reply-to", "importance", "attachments", "sent on", "when"),
    *("enviado", "enviado el", "enviada", "enviada em", "enviado em", "fecha", "para", "asunto", "cco", "data"),
    *("envoyé", "envoyé le", "date d'envoi", "à", "a", "objet", "sujet", "copie à", "cci", "pour"),
    *("gesendet", "gesendet am", "datum", "an", "betreff", "kopie", "bcc", "antwort an"),
    *("inviato", "inviato il", "inviata", "oggetto", "a", "ccn", "per"),
    *("verzonden", "verstuurd", "aan", "onderwerp", "assunto", "enviada a", "responder a", "responder para"),
    *("sendt", "til", "emne", "dato", "skickat", "till", "ämne", "datum", "wysłano", "do", "temat", "wysłane"),
    *("отправлено", "дата", "кому", "тема", "lähetetty", "päivämäärä", "vastaanottaja", "kopio", "aihe", "odesláno"),
    *("gönderilme", "kime", "konu", "发送时间", "收件人", "主题", "抄送", "message du", "komu", "předmět", "надіслано"),
)
FIRST_FIELDS = ("date", "sent", "datum", "fecha", "data", "message du", "dato", "gesendet", "\u0434\u0430\u0442\u0430")
"""Some programs begin with the date."""
"""Names of the fields of a quoted header: `FROM` begins it, two or more of these follow."""

DIVIDERS = (
    *("original message", "original appointment", "forwarded message", "begin forwarded message", "reply message"),
    *(
        "antwort nachricht",
        "forwarded by",
        "start of forwarded message",
        "original mail",
        "original email",
        "forwarded mail",
        "forwarded",
    ),
    *("mensaje original", "mensaje reenviado", "mensaje de origen", "inicio del mensaje reenviado", "correo original"),
    *("message d'origine", "message original", "message transféré", "début du message transféré", "courriel original"),
    *("message initial", "début du message réexpédié", "e-mail d'origine"),
    *("ursprüngliche nachricht", "original-nachricht", "originalnachricht", "weitergeleitete nachricht"),
    *("anfang der weitergeleiteten nachricht", "ursprüngliche e-mail", "weitergeleitete e-mail", "originale nachricht"),
    *("mensagem original", "mensagem encaminhada", "mensagem reencaminhada", "início da mensagem encaminhada"),
    *("início da mensagem reencaminhada", "e-mail original", "forwarded message follows"),
    *("messaggio originale", "messaggio inoltrato", "inizio messaggio inoltrato", "messaggio originario"),
    *("oorspronkelijk bericht", "origineel bericht", "doorgestuurd bericht", "begin doorgestuurd bericht"),
    *("oorspronkelijke bericht", "oprindelig besked", "oprindelig meddelelse", "ursprungligt meddelande"),
    *("originalmeddelande", "opprinnelig melding", "alkuperäinen viesti", "wiadomość oryginalna"),
    *("пересылаемое сообщение", "исходное сообщение", "wiadomość przekazana", "původní zpráva", "videresendt besked"),
    *("eredeti üzenet", "orijinal mesaj", "mesaj original", "vidarebefordrat meddelande", "оригінальне повідомлення"),
)
"""Titles that stand alone, mostly between dashes, above a quoted or forwarded mail."""

SENT_FROM = (
    *(
        "sent from",
        "sent via",
        "sent with",
        "sent using",
        "sent by",
        "sent on the go",
        "get outlook for",
        "sent to you",
    ),
    *("enviado desde", "enviado con", "enviado mediante", "enviado vía", "obtener outlook para", "descargar outlook"),
    *("envoyé de", "envoyé depuis", "envoyé à partir", "envoyé avec", "envoyé par", "envoyé via", "obtenir outlook"),
    *("obtenez outlook", "télécharger outlook", "téléchargez outlook", "provenance :", "envoyé d'"),
    *("gesendet von", "gesendet mit", "gesendet über", "von meinem", "outlook für", "holen sie sich outlook"),
    *("laden sie outlook", "diese nachricht wurde von meinem", "gesendet vom", "versendet mit", "von unterwegs"),
    *("enviado do", "enviado da", "enviado pelo", "enviado a partir", "enviado com", "enviado por", "enviada do"),
    *("obter o outlook", "obtenha o outlook", "baixar o outlook", "enviado de", "enviada a partir"),
    *("inviato da", "inviato dal", "inviato con", "inviato tramite", "scarica outlook", "ottieni outlook"),
    *("inviata da", "spedito da", "inviato col"),
    *("verzonden vanaf", "verzonden via", "verzonden met", "verstuurd vanaf", "verstuurd met", "verstuurd via"),
    *("outlook voor", "download outlook", "verzonden van", "outlook downloaden", "verstuurd van"),
    *(
        "sendt fra",
        "skickat från",
        "skickades från",
        "lähetetty",
        "wysłane z",
        "wysłano z",
        "\u043e\u0442\u043f\u0440\u0430\u0432\u043b\u0435\u043d\u043e \u0441",
        "hentet fra",
    ),
    *("odesláno z", "yahoo mail:", "sent w/", "pobierz outlook", "从我的", "发自我的", "отправлено из"),
)
"""How a telephone or a mail program signs: a short line of its own that begins so."""

SIGN_OFFS = (
    *("regards", "best", "best regards", "kind regards", "warm regards", "warmest regards", "many regards", "kindest"),
    *("kindest regards", "with kind regards", "with best regards", "best wishes", "sincerely", "yours sincerely"),
    *(
        "sincerely yours",
        "yours truly",
        "yours faithfully",
        "respectfully",
        "cordially",
        "warmly",
        "all the best",
        "br",
    ),
    *(
        "rgds",
        "very truly yours",
        "yours",
        "faithfully",
        "kr",
        "with regards",
        "thanks and regards",
        "thanks & regards",
    ),
    *("saludos", "un saludo", "saludos cordiales", "un cordial saludo", "cordialmente", "atentamente", "atte", "slds"),
    *("muy atentamente", "reciba un cordial saludo", "un abrazo", "le saluda atentamente", "un saludo cordial"),
    *("quedo atento", "quedo atenta", "cordial saludo", "abrazos", "saludos atentos"),
    *("cordialement", "bien cordialement", "bien à vous", "bien à toi", "salutations", "sincères salutations", "cdlt"),
    *("meilleures salutations", "salutations distinguées", "amicalement", "bonne journée", "sincèrement", "cdt"),
    *("bonne réception", "respectueusement", "très cordialement", "bonne soirée", "belle journée"),
    *("mit freundlichen grüßen", "mit freundlichen grüssen", "mit freundlichem gruß", "freundliche grüße", "mfg"),
    *("freundliche grüsse", "viele grüße", "viele grüsse", "liebe grüße", "beste grüße", "beste grüsse", "lg", "vg"),
    *("schöne grüße", "herzliche grüße", "grüße", "gruß", "hochachtungsvoll", "mit besten grüßen", "besten gruß"),
    *("mit freundlichem gruss", "gruss", "liebe grüsse", "herzliche grüsse", "mit lieben grüßen", "bis dann"),
    *("atenciosamente", "cumprimentos", "melhores cumprimentos", "com os melhores cumprimentos", "abraço", "abraços"),
    *("att", "atte", "um abraço", "cordiais saudações", "saudações", "respeitosamente", "grande abraço", "abs"),
    *(
        "cordiali saluti",
        "distinti saluti",
        "saluti",
        "un saluto",
        "cordialità",
        "un cordiale saluto",
        "buona giornata",
    ),
    *("cari saluti", "tanti saluti", "i migliori saluti", "porgo distinti saluti", "in fede", "a presto"),
    *("met vriendelijke groet", "met vriendelijke groeten", "vriendelijke groet", "vriendelijke groeten", "groet"),
    *("groeten", "groetjes", "hartelijke groet", "hartelijke groeten", "mvg", "met groet", "hoogachtend"),
    *("med vänlig hälsning", "med vänliga hälsningar", "mvh", "med venlig hilsen", "med vennlig hilsen", "hälsningar"),
    *(
        "vänliga hälsningar",
        "venlig hilsen",
        "pozdrawiam",
        "z poważaniem",
        "\u0441 \u0443\u0432\u0430\u0436\u0435\u043d\u0438\u0435\u043c",
        "ystävällisin terveisin",
    ),
)
"""A line of its own that ends a letter. "Thanks" is not among them: it is often the whole answer."""

DISCLAIMERS = (
    *("this email and any", "this e-mail and any", "this message and any", "this email is confidential", "disclaimer"),
    *("this e-mail is confidential", "this message is confidential", "confidentiality notice", "confidential notice"),
    *("the information contained in this", "the information in this e", "this communication is", "confidentiality:"),
    *(
        "the contents of this e",
        "please consider the environment",
        "this message contains confidential",
        "legal notice",
    ),
    *("this email may contain", "this e-mail may contain", "this message may contain", "if you are not the intended"),
    *("if you have received this", "this transmission", "think before you print", "privileged and confidential"),
    *("this email has been scanned", "this email has been checked", "virus-free", "this message was sent to"),
    *("este mensaje y", "este correo y", "este correo electrónico", "aviso legal", "aviso de confidencialidad"),
    *("este mensaje puede contener", "este mensaje contiene", "antes de imprimir", "la información contenida en este"),
    *("este mensaje está dirigido", "este mensaje es confidencial", "este e-mail y", "cláusula de confidencialidad"),
    *("ce message et", "ce courriel et", "ce message est confidentiel", "ce courriel est", "avis de confidentialité"),
    *("ce message contient", "avant d'imprimer", "pensez à l'environnement", "les informations contenues dans ce"),
    *("ce mail et", "cet e-mail", "ce message peut contenir", "ce message électronique"),
    *("diese e-mail", "diese nachricht", "diese mail", "der inhalt dieser e-mail", "vertraulichkeitshinweis"),
    *("bitte denken sie an die umwelt", "haftungsausschluss", "bitte prüfen sie, ob diese mail", "rechtlicher hinweis"),
    *("esta mensagem", "este e-mail", "este email", "aviso de confidencialidade", "esta comunicação", "as informações"),
    *("questo messaggio", "questa e-mail", "questa email", "avviso di riservatezza", "le informazioni contenute in"),
    *("il presente messaggio", "la presente e-mail", "prima di stampare", "rispetta l'ambiente", "ai sensi del"),
    *("dit bericht", "deze e-mail", "de informatie in dit", "denk aan het milieu", "dit e-mailbericht", "deze mail is"),
    *("de inhoud van dit", "de informatie verzonden", "proclaimer", "libre de virus", "virenfrei", "sem vírus"),
    *("sans virus", "garanti sans virus", "privo di virus", "virusvrij", "livre de vírus", "no virus found"),
)
"""How the paragraphs begin that companies and scanners hang below every mail."""
LEGAL = (
    *("confiden", "privileg", "intended", "legal", "virus", "scanned", "print", "environment", "unauthori", "error"),
    *("destinatari", "dirigid", "imprimir", "medio ambiente", "errónea", "destinataire", "imprimer", "environnement"),
    *("vertraulich", "bestimmt", "irrtümlich", "drucken", "umwelt", "haftung", "rechtlich", "por engano", "ambiente"),
    *(
        "riservat",
        "stampare",
        "indirizzat",
        "errore",
        "vertrouwelijk",
        "bestemd",
        "geadresseerd",
        "milieu",
        "afdrukken",
    ),
    *("vírus", "virenfrei", "sent to", "avast", "disclaimer", "proclaimer", "avg.com"),
)
"""One of these stands in such a paragraph: "Este email es para avisar..." may begin what a customer has to say."""
