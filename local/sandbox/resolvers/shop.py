"""The shop itself, and the app's place in it."""

from local.sandbox import scopes
from local.sandbox.catalog import Metafield
from local.sandbox.connections import Page
from local.sandbox.numbers import gid
from local.sandbox.resolvers.products import metafield_page
from local.sandbox.resolvers.registry import Info, resolves

TIMEZONE = {"ianaTimezone": "Europe/Berlin", "timezoneAbbreviation": "CET", "timezoneOffset": "+0100"}
UNITS = {"unitSystem": "METRIC_SYSTEM", "weightUnit": "KILOGRAMS"}
STREET = {"company": None, "address1": "Karl-Heine-Straße 12", "address2": None, "zip": "04229", "city": "Leipzig"}
COUNTRY = {"province": None, "provinceCode": None, "country": "Germany", "countryCodeV2": "DE", "phone": None}


@resolves("QueryRoot.shop")
def shop(_root: object, info: Info) -> dict[str, object]:
    catalog, name = info.context.catalog, info.context.shop.name
    address = STREET | COUNTRY | {"id": gid("ShopAddress", catalog.shop_number)}
    home = {"id": gid("Domain", catalog.shop_number), "host": name, "url": f"https://{name}", "sslEnabled": True}
    mail = {"email": f"owner@{name}", "contactEmail": f"hello@{name}", "shopOwnerName": "Mira Vogel"}
    sells = {"currencyCode": catalog.currency, "enabledPresentmentCurrencies": [catalog.currency]}
    taxes = {"taxesIncluded": True, "taxShipping": False, "shipsToCountries": ["AT", "CH", "DE"]}
    facts = {"name": catalog.shop_name, "description": catalog.description}
    places = {"myshopifyDomain": name, "url": f"https://{name}", "primaryDomain": home, "shopAddress": address}
    dates = {"createdAt": catalog.created_at, "updatedAt": "2026-11-20T16:45:30Z"}
    identity = {"__typename": "Shop", "id": gid("Shop", catalog.shop_number), "plan": _plan(info)}
    return identity | facts | places | mail | sells | taxes | TIMEZONE | {"timezoneOffsetMinutes": 60} | UNITS | dates


@resolves("Shop.metafields")
def metafields(_shop: object, info: Info, **arguments: object) -> Page[Metafield]:
    return metafield_page(info.context.catalog.metafields, info, arguments)


@resolves("ShopAddress.formatted")
def formatted(_address: object, _info: Info, **_: object) -> list[str]:
    return ["Karl-Heine-Straße 12", "04229 Leipzig", "Germany"]


@resolves("QueryRoot.currentAppInstallation")
def current_app_installation(_root: object, info: Info) -> dict[str, object]:
    number = info.context.catalog.shop_number
    granted = sorted(info.context.scopes)
    named = [{"handle": scope, "description": scopes.in_words(scope)} for scope in granted]
    return {"id": gid("AppInstallation", number), "accessScopes": named, "app": {"id": gid("App", 1)}}


def _plan(info: Info) -> dict[str, object]:
    title = info.context.shop.plan.title
    return {"publicDisplayName": title, "shopifyPlus": "Plus" in title, "partnerDevelopment": True}
