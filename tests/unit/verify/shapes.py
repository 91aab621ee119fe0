"""Header sections as servers write them, with what is believed of each; names and numbers are made up."""

from dataclasses import dataclass

from bccd.model.auth import AuthResult


@dataclass(frozen=True)
class Shape:
    """A header section that came from a listed relay, the configured ids, the id believed and its results."""

    name: str
    header: str
    ids: tuple[str, ...]
    authserv_id: str
    results: tuple[AuthResult, ...]


def said(text: str) -> tuple[AuthResult, ...]:
    """Write results as "method=result subject", with commas between."""
    parts = [part.split() for part in text.split(",") if part]
    return tuple(
        AuthResult(*part[0].split("=", 1), domain=part[1] if len(part) > 1 else "")  # type: ignore[misc]
        for part in parts
    )


POSTFIX = """\
Received: from mail-ed1-f52.google.example (mail-ed1-f52.google.example [209.85.208.52])
\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))
\tby mx.drop.example (Postfix) with ESMTPS id 4ZxYk13Qz9s2
\tfor <crm@drop.example>; Mon, 16 Nov 2026 10:00:02 +0000 (UTC)
"""
SUBMITTED = """\
Received: from laptop (unknown [198.51.100.77])
\tby mx.drop.example (Postfix) with ESMTPSA id 4ZxYk25Rz1
\tfor <crm@drop.example>; Mon, 16 Nov 2026 10:00:02 +0000 (UTC)
"""
AUTHOR = "From: Ann <ann@seller.example>\nTo: jan@customer.example\nSubject: Offer\n"
FORGED = "Authentication-Results: mx.drop.example; dmarc=pass header.from=seller.example\n"
IDS = ("mx.drop.example",)

SHAPES = (
    Shape("Postfix without a milter, and no id is listed", POSTFIX + FORGED + AUTHOR, (), "", ()),
    Shape("Postfix without a milter", POSTFIX + AUTHOR, IDS, "", ()),
    Shape(
        "Postfix with OpenDKIM and OpenDMARC",
        POSTFIX
        + """\
DMARC-Filter: OpenDMARC Filter v1.4.2 mx.drop.example 4ZxYk13Qz9s2
Authentication-Results: mx.drop.example; dmarc=pass (p=quarantine dis=none) header.from=seller.example
Authentication-Results: mx.drop.example; spf=pass smtp.mailfrom=ann@seller.example
DKIM-Filter: OpenDKIM Filter v2.11.0 mx.drop.example 4ZxYk13Qz9s2
Authentication-Results: mx.drop.example;
\tdkim=pass (2048-bit key, unprotected) header.d=seller.example header.i=@seller.example header.a=rsa-sha256
\t header.s=s1 header.b=dG8gc2VsbCA=;
\tdkim-atps=neutral
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=seller.example; s=s1; h=from; bh=x; b=y
Received: from forger (forger [203.0.113.66]) by out.seller.example; Mon, 16 Nov 2026 10:00:00 +0000
"""
        + FORGED
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said(
            "dmarc=pass seller.example,spf=pass ann@seller.example,dkim=pass seller.example,dkim-atps=neutral"
        ),
    ),
    Shape(
        "Postfix with rspamd, for its own user",
        SUBMITTED
        + """\
Authentication-Results: mx.drop.example;
\tauth=pass smtp.auth=ann@seller.example smtp.mailfrom=ann@seller.example
X-Rspamd-Server: mx
"""
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said("auth=pass ann@seller.example"),
    ),
    Shape(
        "Postfix with rspamd, two signatures of which one was broken",
        POSTFIX
        + """\
Authentication-Results: mx.drop.example;
\tdkim=fail ("body hash did not verify") header.d=list.example header.s=l1 header.b=aB3/+x==;
\tdkim=pass header.d=seller.example header.s=s1 header.b="k8Q=";
\tspf=softfail (mx.drop.example: 209.85.208.52 is neither permitted nor denied by domain of
\t "x\\; dmarc=pass"@bounce.list.example) smtp.mailfrom=bounce-1=ann@bounce.list.example;
\tdmarc=pass (policy=reject) header.from=seller.example; arc=none
X-Spamd-Bar: /
"""
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said(
            "dkim=fail list.example,dkim=pass seller.example,spf=softfail bounce-1=ann@bounce.list.example,"
            "dmarc=pass seller.example,arc=none"
        ),
    ),
    Shape(
        "Postfix that takes a login and says nothing of it",
        SUBMITTED.replace("(unknown", "(Authenticated sender: ann@seller.example) (unknown") + AUTHOR,
        IDS,
        "",
        (),
    ),
    Shape(
        "Microsoft 365, checked by Postfix with OpenDMARC",
        POSTFIX
        + """\
Authentication-Results: mx.drop.example; dmarc=pass (p=none dis=none) header.from=seller.example
ARC-Seal: i=1; a=rsa-sha256; s=arcselector10001; d=microsoft.example; cv=none; b=x
ARC-Authentication-Results: i=1; mx.microsoft.example 1; spf=pass smtp.mailfrom=seller.example;
 dmarc=pass action=none header.from=seller.example; dkim=pass header.d=seller.example; arc=none
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=seller.example; s=selector1; h=From; bh=x; b=y
Received: from AM0PR01MB1234.eurprd01.prod.exchangelabs.example (2603:10a6:208:1::2) by
 DB8PR01MB5678.eurprd01.prod.exchangelabs.example with Microsoft SMTP Server (version=TLS1_2); Mon, 16 Nov
 2026 10:00:00 +0000
authentication-results: dkim=none (message not signed)
 header.d=none;dmarc=none action=none header.from=seller.example;
"""
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said("dmarc=pass seller.example"),
    ),
    Shape(
        "Microsoft 365 handing on by a connector: no id, so nobody's word",
        """\
Authentication-Results: spf=pass (sender IP is 203.0.113.5) smtp.mailfrom=seller.example;
 dkim=pass (signature was verified) header.d=seller.example;dmarc=pass action=none
 header.from=seller.example;compauth=pass reason=100
Received-SPF: Pass (protection.outlook.example: domain of seller.example designates 203.0.113.5 as permitted
 sender) receiver=protection.outlook.example; client-ip=203.0.113.5; helo=out.seller.example; pr=C
Received: from out.seller.example (203.0.113.5) by AM7EUR03FT012.mail.protection.outlook.example
 (100.127.1.2) with Microsoft SMTP Server; Mon, 16 Nov 2026 10:00:02 +0000
"""
        + AUTHOR,
        ("protection.outlook.example", "spf=pass", ""),
        "",
        (),
    ),
    Shape(
        "Google Workspace, checked by Postfix with OpenDKIM alone",
        POSTFIX
        + """\
DKIM-Filter: OpenDKIM Filter v2.11.0 mx.drop.example 4ZxYk13Qz9s2
Authentication-Results: mx.drop.example;
\tdkim=pass (2048-bit key) header.d=seller-example.20230601.gappssmtp.example
\theader.i=@seller-example.20230601.gappssmtp.example header.b="abc/+="
DKIM-Signature: v=1; a=rsa-sha256; d=seller-example.20230601.gappssmtp.example; s=20230601; h=to; bh=x; b=y
X-Google-DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=1e100.example; s=20230601; b=z
X-Gm-Message-State: AOJu0Yz
X-Received: by 2002:a17:906:1234:b0:a1:b2:c3 with SMTP id d1-20020a; Mon, 16 Nov 2026 02:00:01 -0800 (PST)
Received: from smtpclient.apple ([198.51.100.9]) by smtp.gmail.example with ESMTPSA id x1; Mon, 16 Nov 2026
"""
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said("dkim=pass seller-example.20230601.gappssmtp.example"),
    ),
    Shape(
        "Google's own verdict, further down than the second Received",
        POSTFIX
        + """\
X-Received: by 2002:a05:6402:1:b0:1 with SMTP id a1; Mon, 16 Nov 2026 02:00:01 -0800 (PST)
Received: by 2002:a05:7208:1:b0:1 with SMTP id b1csp1; Mon, 16 Nov 2026 02:00:01 -0800 (PST)
Authentication-Results: mx.google.example;
       dkim=pass header.i=@seller.example header.s=s1 header.b="Ab1";
       spf=pass (google.example: domain of ann@seller.example designates 203.0.113.5 as permitted sender)
 smtp.mailfrom=ann@seller.example;
       dmarc=pass (p=REJECT sp=REJECT dis=NONE) header.from=seller.example
"""
        + AUTHOR,
        ("mx.google.example",),
        "",
        (),
    ),
    Shape(
        "Exchange on premises, whose word on its users has no id",
        """\
Received: from EX01.corp.seller.example (10.0.0.5) by EX02.corp.seller.example (10.0.0.6) with Microsoft SMTP
 Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.2.1544.4; Mon, 16 Nov 2026
 11:00:01 +0100
X-MS-Exchange-Organization-AuthSource: EX01.corp.seller.example
X-MS-Exchange-Organization-AuthAs: Internal
X-MS-Exchange-Organization-AuthMechanism: 04
"""
        + AUTHOR,
        ("EX02.corp.seller.example",),
        "",
        (),
    ),
    Shape(
        "Exim, which writes above its own Received",
        """\
Authentication-Results: mx.drop.example;
\tiprev=pass (mail-ed1-f52.google.example) smtp.remote-ip=209.85.208.52;
\tauth=pass (PLAIN) smtp.auth=ann@seller.example;
\tspf=pass smtp.mailfrom=seller.example;
\tdkim=pass header.d=seller.example header.s=s1 header.a=rsa-sha256;
\tdmarc=pass header.from=seller.example;
\tarc=none
Received: from mail-ed1-f52.google.example ([209.85.208.52])
\tby mx.drop.example with esmtps (TLS1.3) tls TLS_AES_256_GCM_SHA384 (Exim 4.98)
\t(envelope-from <ann@seller.example>) id 1tCabc-0001ab-2x for crm@drop.example;
\tMon, 16 Nov 2026 10:00:02 +0000
"""
        + AUTHOR,
        IDS,
        "mx.drop.example",
        said(
            "iprev=pass,auth=pass ann@seller.example,spf=pass seller.example,dkim=pass seller.example,"
            "dmarc=pass seller.example,arc=none"
        ),
    ),
    Shape(
        "Gmail's automatic forward of a customer's mail",
        POSTFIX
        + """\
Authentication-Results: mx.drop.example;
\tdkim=pass header.d=customer.example header.s=c1 header.b=Zz;
\tspf=pass smtp.mailfrom="ann.seller+caf_=crm+fw=drop.example@gmail.example";
\tdmarc=pass (p=none) header.from=customer.example;
\tarc=pass (i=2 spf=pass spfdomain=customer.example dkim=pass dkdomain=customer.example)
X-Google-DKIM-Signature: v=1; a=rsa-sha256; d=1e100.example; s=20230601; b=z
X-Forwarded-Encrypted: i=2; AJvYcCW
X-Gm-Message-State: AOJu0Yy
X-Received: by 2002:a05:6512:1:b0:1 with SMTP id c1; Mon, 16 Nov 2026 02:00:02 -0800 (PST)
X-Forwarded-To: crm+fw@drop.example
X-Forwarded-For: ann.seller@gmail.example crm+fw@drop.example
Delivered-To: ann.seller@gmail.example
Received: by 2002:a05:6504:1:b0:1 with SMTP id e1csp2; Mon, 16 Nov 2026 02:00:01 -0800 (PST)
Authentication-Results: mx.google.example; dkim=pass header.i=@customer.example; dmarc=pass
"""
        + AUTHOR.replace("Ann <ann@seller.example>", "Jan <jan@customer.example>"),
        IDS,
        "mx.drop.example",
        said(
            "dkim=pass customer.example,spf=pass ann.seller+caf_=crm+fw=drop.example@gmail.example,"
            "dmarc=pass customer.example,arc=pass"
        ),
    ),
    Shape(
        "Outlook's redirect of a customer's mail, whose signature it broke",
        POSTFIX
        + """\
Authentication-Results: mx.drop.example; dmarc=fail (p=reject dis=none) header.from=customer.example
Authentication-Results: mx.drop.example; spf=pass smtp.mailfrom=ann@seller.example
Authentication-Results: mx.drop.example;
\tdkim=fail reason="signature verification failed" (2048-bit key) header.d=customer.example
\theader.i=@customer.example header.b=q
Authentication-Results: mx.drop.example;
\tdkim=pass (1024-bit key) header.d=seller.onmicrosoft.example header.i=@seller.onmicrosoft.example
ARC-Seal: i=2; a=rsa-sha256; s=arcselector10001; d=microsoft.example; cv=pass; b=x
Resent-From: <ann@seller.example>
X-MS-Exchange-Inbox-Rules-Loop: ann@seller.example
"""
        + AUTHOR.replace("Ann <ann@seller.example>", "Jan <jan@customer.example>"),
        IDS,
        "mx.drop.example",
        said(
            "dmarc=fail customer.example,spf=pass ann@seller.example,dkim=fail customer.example,"
            "dkim=pass seller.onmicrosoft.example"
        ),
    ),
)
