"""Signatures of Facebook's three schemes that others published, and some that were computed apart from this code."""

from typing import Any

# Published by php-graph-sdk, facebook-sdk for Python, restfb and fbmessenger, in that order.
PROOFS = [
    ("foo_token", "foo_secret", "df4256903ba4e23636cc142117aa632133d75c642bd2a68955be1443bd14deb9"),
    ("bar_token", "foo_secret", "2ceec40b7b9fd7d38fff1767b766bcc6b1f9feb378febac4612c156e6a8354bd"),
    ("123|foo_secret", "foo_secret", "de753c58fd58b03afca2340bbaeb4ecf987b5de4c09e39a63c944dd25efbc234"),
    ("foo_token", "shhhhh!is.my.secret", "796ba0d8a6b339e476a7b166a9e8ac0a395f7de736dc37de5f2f4397f5854eb8"),
    ("abc123", "xyz789", "4dad02ff1693df832f9c183fe400fc4f601360be06514acb4a73edb783eec345"),
    ("test", "test", "88cd2108b5347d973cf39cdf9053d7dd42704876d8c9a9bd8e2d168259d3ddf7"),
    (
        "helloWorld",
        "PRIE7$oG2uS-Yf17kEnUEpi5hvW/#AFo",
        "cb064987988fcd658470d6a24f1c68f6d7982c80ab9efb08cb8c84ef88fd03e1",
    ),
    ("12345678", "12345678", "e220691b3e23647fc17c4b282bb469ac77fbadb8f5c77898294e42de95add560"),
]

# The first is a real delivery (messenger4j's tests); the next are published by GitHub and octokit, whose scheme is the
# same; the rest was computed apart from this code.
ESCAPED = (
    rb'{"object":"page","entry":[{"id":"1","time":1,"changes":[{"field":"description",'
    rb'"value":"\u00e4\u00f6\u00e5 \u2764"}]}]}'
)
DELIVERIES = [
    (
        "60efff025951cddde78c8d03de52cc90",
        (
            b'{"object":"page","entry":[{"id":"1717527131834678","time":1475942721780,"messaging":[{"sender":{"id":'
            b'"1256217357730577"},"recipient":{"id":"1717527131834678"},"timestamp":1475942721741,"message":{"mid":'
            b'"mid.1475942721728:3b9e3646712f9bed52","seq":123,"text":"34wrr3wr"}}]}]}'
        ),
        "2c28be6e4b8c62b732b3487f445dbec6624868db6844b347567ebc86d7da3ad4",
    ),
    (
        "It's a Secret to Everybody",
        b"Hello, World!",
        "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17",
    ),
    ("secret", b"data", "1b2c16b75bd2a870c114153ccda5bcfca63314bc722fa160d690de133ccbb9db"),
    ("mysecret", b'{"foo":"bar"}', "4864d2759938a15468b5df9ade20bf161da9b4f737ea61794142f3484236bda3"),
    ("app-secret", ESCAPED, "19ed31076c1bd4786f1dd37d14b657280d42260e98260821aa99548f11e42f65"),
    (
        "app-secret",
        b'{"object":"page","entry":[{"id":"1","time":1,"changed_fields":["description","phone"]}]}',
        "3d685ff49ff1ea0f403f3b61429d602f0b3d706de6a3fef2ff0a61e1f2251c4d",
    ),
    (
        "app-secret",
        rb'{"link":"https:\/\/example.com\/a"}',
        "746812792f53efe11da8d01d6a160fe3d4b9e16b94ae202e0bd13895fd61ff3f",
    ),
    ("app-secret", b"", "f685db4c946698bf105ff5b62e30bc1f78216f3914b12bb750f8992aa6748824"),
]

# Facebook's old documentation, php-graph-sdk (two), restfb (standard base64), and one computed apart from this code.
REQUESTS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "secret",
        "vlXgu64BQGFSQrY0ZcJBZASMvYvTHu9GQ0YM9rjPSso.eyJhbGdvcml0aG0iOiJITUFDLVNIQTI1NiIsIjAiOiJwYXlsb2FkIn0",
        {"0": "payload"},
    ),
    (
        "foo_app_secret",
        (
            "U0_O1MqqNKUt32633zAkdd2Ce-jGVgRgJeRauyx_zC8=.eyJvYXV0aF90b2tlbiI6ImZvb190b2tlbiIsImFsZ29yaXRobSI6IkhNQUMtU0h"
            "BMjU2IiwiaXNzdWVkX2F0IjozMjEsImNvZGUiOiJmb29fY29kZSIsInN0YXRlIjoiZm9vX3N0YXRlIiwidXNlcl9pZCI6MTIzLCJmb28iOiJi"
            "YXIifQ=="
        ),
        {"user_id": 123, "issued_at": 321},
    ),
    (
        "foo_app_secret",
        (
            "vdZXlVEQ5NTRRTFvJ7Jeo_kP4SKnBDvbNP0fEYKS0Sg=.eyJvYXV0aF90b2tlbiI6ImZvb190b2tlbiIsImFsZ29yaXRobSI6IkhNQUMtU0h"
            "BMjU2IiwiaXNzdWVkX2F0IjoxNDAyNTUxMDMxLCJ1c2VyX2lkIjoiMTIzIn0="
        ),
        {"user_id": "123", "issued_at": 1402551031},
    ),
    (
        "secret",
        (
            "uLQw26KrDdDhZA+Cbvhjm1Y5SB1LiUej9tAXWWXhb9s=.ewogICAib2F1dGhfdG9rZW4iOiAie3VzZXItYWNjZXNzLXRva2VufSIsCiAgICJh"
            "bGdvcml0aG0iOiAiSE1BQy1TSEEyNTYiLAogICAiZXhwaXJlcyI6IDEyOTE4NDA0MDAsCiAgICJpc3N1ZWRfYXQiOiAxMjkxODM2ODAwLAogI"
            "CAidXNlcl9pZCI6ICIyMTg0NzEiCn0="
        ),
        {"user_id": "218471"},
    ),
    (
        "app-secret",
        (
            "e4ceQm-XcbCvHuoHVaktFcsK2TKIC36fHF0Ymk8sF3c.eyJ1c2VyX2lkIjoiMjE4NDcxIiwiYWxnb3JpdGhtIjoiSE1BQy1TSEEyNTYiLCJpc"
            "3N1ZWRfYXQiOjEyOTE4MzY4MDAsImV4cGlyZXMiOjEyOTE4NDA0MDB9"
        ),
        {"user_id": "218471", "expires": 1291840400},
    ),
]
