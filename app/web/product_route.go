package web

import "tieout/app/identity"

// productRoutes are the screens of SKU maps.
func (s *server) productRoutes() []Route {
	if s.Catalog == nil || s.Insight == nil {
		return nil
	}
	routes := []Route{
		{GET, "/products", identity.ViewBooks, s.productList, 0},
		{GET, "/products/items/search", identity.ViewBooks, s.productItems, 0},
		{GET, "/products/:sku", identity.ViewBooks, s.productShow, 0},
		{POST, "/products/:sku/map", identity.MapProducts, s.productMap, 0},
		{POST, "/products/:sku/end", identity.MapProducts, s.productEnd, 0},
	}
	if s.Workbooks != nil {
		routes = append(routes, []Route{
			{GET, "/products/export.xlsx", identity.Export, s.productListExport, 0},
			{GET, "/products/sku-map.xlsx", identity.Export, s.productBook, 0},
			{POST, "/products/workbook/:connection/upload", identity.MapProducts, s.productUpload, productFileBody},
			{POST, "/products/workbook/apply", identity.MapProducts, s.productUploadApply, productFileBody},
		}...)
	}
	return routes
}
